// Package ping is the plugin category "ping": one path that answers "pong" as
// long as the proxy lives. README.md says its keys. It asks nobody and so knows
// nothing of upstreams; the admin API's /readyz does.
package ping

import "pingap-go/plugin"

// Category is what the engine registers.
var Category = plugin.Category{Name: "ping", New: build}

var pong = []byte("pong")

func build(d plugin.Decoder, _ plugin.Env) (plugin.Plugin, error) {
	c, err := parse(d)
	if err != nil {
		return nil, err
	}
	return func(next plugin.Handler) plugin.Handler {
		return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
			if ex.Request.Path != c.Path {
				return next.Serve(ex)
			}
			ex.Answer(200, "text/plain; charset=utf-8", pong)
			return nil
		})
	}, nil
}
