package redirect

import (
	"errors"
	"fmt"
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
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	if c.Prefix != "" && c.Prefix[0] != '/' {
		return c, fmt.Errorf("prefix %q does not begin with \"/\"", c.Prefix)
	}
	if strings.ContainsAny(c.Prefix, "?# \t\r\n") {
		return c, fmt.Errorf("prefix %q is not a path", c.Prefix)
	}
	c.Prefix = strings.TrimRight(c.Prefix, "/")
	if c.Prefix == "" && !c.HTTPToHTTPS {
		return c, errors.New("redirects nothing: give http_to_https = true or a prefix")
	}
	switch c.Status {
	case 301, 302, 303, 307, 308:
	default:
		return c, fmt.Errorf("status %d is none of 301, 302, 303, 307, 308", c.Status)
	}
	return c, plugin.CheckStep(c.Step, "request")
}
