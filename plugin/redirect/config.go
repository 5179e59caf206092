package redirect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pingap-go/plugin"
)

// config holds the keys of a redirect plugin.
type config struct {
	HTTPToHTTPS bool   `toml:"http_to_https"`
	Prefix      string `toml:"prefix"`
	Status      int    `toml:"status"`
	Step        string `toml:"step"`
	Remark      string `toml:"remark"`
}

// parse reads the keys over the defaults and checks them. Prefix comes back
// without a "/" at its end, and empty when it asks for nothing.
func parse(d plugin.Decoder) (config, error) {
	c := config{Status: 307}
	err := d.Decode(&c)
	errs := []error{err, plugin.CheckStep(c.Step, "request")}
	switch {
	case c.Prefix != "" && c.Prefix[0] != '/':
		errs = append(errs, plugin.At("prefix", fmt.Errorf("%q does not begin with \"/\"", c.Prefix)))
	case strings.ContainsAny(c.Prefix, "?# \t\r\n"):
		errs = append(errs, plugin.At("prefix", fmt.Errorf("%q is not a path", c.Prefix)))
	}
	c.Prefix = strings.TrimRight(c.Prefix, "/")
	if err == nil && c.Prefix == "" && !c.HTTPToHTTPS {
		errs = append(errs, errors.New("redirects nothing: give http_to_https = true or a prefix"))
	}
	if !slices.Contains(statuses, c.Status) {
		errs = append(errs, plugin.At("status", fmt.Errorf("%d is none of 301, 302, 303, 307, 308", c.Status)))
	}
	return c, errors.Join(errs...)
}

// statuses are those that send a client elsewhere.
var statuses = []int{301, 302, 303, 307, 308}
