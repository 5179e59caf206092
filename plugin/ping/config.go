package ping

import (
	"fmt"
	"strings"

	"pingap-go/plugin"
)

// config holds the keys of a ping plugin.
type config struct {
	Path   string `toml:"path"`
	Step   string `toml:"step"`
	Remark string `toml:"remark"`
}

// parse reads the keys over the defaults and checks them.
func parse(d plugin.Decoder) (config, error) {
	c := config{Path: "/ping"}
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	if !strings.HasPrefix(c.Path, "/") {
		return c, fmt.Errorf("path %q does not begin with \"/\"", c.Path)
	}
	return c, plugin.CheckStep(c.Step, "request")
}
