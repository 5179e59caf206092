package ping

import (
	"errors"

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
	err := d.Decode(&c)
	return c, errors.Join(err, plugin.CheckPath(c.Path), plugin.CheckStep(c.Step, "request"))
}
