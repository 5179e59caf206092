package requestid

import (
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
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	if c.Algorithm != "uuid" && c.Algorithm != "nanoid" {
		return c, fmt.Errorf("algorithm %q is none of uuid, nanoid", c.Algorithm)
	}
	if c.Size < 4 || c.Size > maxSize {
		return c, fmt.Errorf("size %d is not between 4 and %d", c.Size, maxSize)
	}
	if err := plugin.CheckHeaderName(c.HeaderName); err != nil {
		return c, err
	}
	return c, plugin.CheckStep(c.Step, "request", "proxy_upstream")
}
