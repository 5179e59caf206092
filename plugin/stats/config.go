package stats

import (
	"errors"

	"pingap-go/plugin"
)

// config holds the keys of a stats plugin.
type config struct {
	Path   string `toml:"path"`
	Step   string `toml:"step"`
	Remark string `toml:"remark"`
}

// parse reads the keys over the defaults and checks them.
func parse(d plugin.Decoder) (config, error) {
	c := config{Path: "/stats"}
	err := d.Decode(&c)
	return c, errors.Join(err, plugin.CheckPath(c.Path), plugin.CheckStep(c.Step, "request", "proxy_upstream"))
}
