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

// parse reads the keys over the defaults, checks them and compiles the plugin.
func parse(d plugin.Decoder) (*mock, error) {
	c := config{Status: 200}
	errs := []error{d.Decode(&c), plugin.CheckDelay(c.Delay), plugin.CheckStep(c.Step, "request", "proxy_upstream")}
	if c.Path != "" {
		errs = append(errs, plugin.CheckPath(c.Path))
	}
	switch {
	case c.Status < 200 || c.Status > 599:
		errs = append(errs, plugin.At("status", fmt.Errorf("%d is not between 200 and 599", c.Status)))
	case c.Data != "" && !message.BodyAllowed("", c.Status):
		errs = append(errs, plugin.At("data", fmt.Errorf("an answer of status %d has no data", c.Status)))
	}
	headers, err := plugin.NewResponseRules(plugin.HeaderLists{Add: c.Headers})
	errs = append(errs, plugin.At("headers", err))
	return &mock{config: c, headers: headers, data: []byte(c.Data)}, errors.Join(errs...)
}
