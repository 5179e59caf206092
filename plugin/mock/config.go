package mock

import (
	"errors"
	"fmt"
	"time"

	"pingap-go/message"
	"pingap-go/plugin"
)

// config holds the keys of a mock plugin.
type config struct {
	Path    string        `toml:"path"`
	Status  int           `toml:"status"`
	Headers []string      `toml:"headers"`
	Data    string        `toml:"data"`
	Delay   time.Duration `toml:"delay"`
	Step    string        `toml:"step"`
	Remark  string        `toml:"remark"`
}

// parse reads the keys over the defaults and checks them.
func parse(d plugin.Decoder) (config, error) {
	c := config{Status: 200}
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	if c.Path != "" && c.Path[0] != '/' {
		return c, fmt.Errorf("path %q does not begin with \"/\"", c.Path)
	}
	if c.Status < 200 || c.Status > 599 {
		return c, fmt.Errorf("status %d is not between 200 and 599", c.Status)
	}
	if c.Data != "" && !message.BodyAllowed("", c.Status) {
		return c, fmt.Errorf("an answer of status %d has no data", c.Status)
	}
	return c, errors.Join(plugin.CheckDelay(c.Delay), plugin.CheckStep(c.Step, "request", "proxy_upstream"))
}
