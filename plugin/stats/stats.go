// Package stats is the plugin category "stats": one path that answers with the
// process's figures as JSON. README.md says its keys. What the figures are is
// the engine's affair, which hands them in through plugin.Env.
package stats

import (
	"encoding/json"
	"fmt"

	"pingap-go/plugin"
)

// Category is what the engine registers.
var Category = plugin.Category{Name: "stats", New: build}

func build(d plugin.Decoder, env plugin.Env) (plugin.Plugin, error) {
	c, err := parse(d)
	if err != nil {
		return nil, err
	}
	return func(next plugin.Handler) plugin.Handler {
		return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
			if ex.Request.Path != c.Path {
				return next.Serve(ex)
			}
			return answer(ex, env.Stats())
		})
	}, nil
}

func answer(ex *plugin.Exchange, figures map[string]any) error {
	content, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return fmt.Errorf("write stats as JSON: %w", err)
	}
	ex.Answer(200, "application/json", append(content, '\n'))
	return nil
}
