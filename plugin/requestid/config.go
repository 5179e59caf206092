package requestid

import (
	"errors"
	"fmt"

	"pingap-go/plugin"
)

// config holds the keys of a request_id plugin.
type config struct {
	Algorithm  string `toml:"algorithm"`
	Size       int    `toml:"size"`
	HeaderName string `toml:"header_name"`
	Step       string `toml:"step"`
	Remark     string `toml:"remark"`
}

// parse reads the keys over the defaults and checks them.
func parse(d plugin.Decoder) (config, error) {
	c := config{Algorithm: "uuid", Size: 8, HeaderName: "X-Request-Id"}
	errs := []error{d.Decode(&c), plugin.CheckStep(c.Step, "request", "proxy_upstream"),
		plugin.At("header_name", plugin.CheckHeaderName(c.HeaderName))}
	if c.Algorithm != "uuid" && c.Algorithm != "nanoid" {
		errs = append(errs, plugin.At("algorithm", fmt.Errorf("%q is none of uuid, nanoid", c.Algorithm)))
	}
	if c.Size < 4 || c.Size > maxSize {
		errs = append(errs, plugin.At("size", fmt.Errorf("%d is not between 4 and %d", c.Size, maxSize)))
	}
	return c, errors.Join(errs...)
}
