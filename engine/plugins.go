package engine

import (
	"errors"

	"pingap-go/config"
	"pingap-go/plugin"
	"pingap-go/plugin/basicauth"
	"pingap-go/plugin/mock"
	"pingap-go/plugin/ping"
	"pingap-go/plugin/redirect"
	"pingap-go/plugin/requestid"
	"pingap-go/plugin/responseheaders"
	"pingap-go/plugin/stats"
)

// categories lists the plugins that the program was built with.
func categories() plugin.Registry {
	return plugin.NewRegistry(
		basicauth.Category,
		mock.Category,
		ping.Category,
		redirect.Category,
		requestid.Category,
		responseheaders.Category,
		stats.Category,
	)
}

// builtPlugin is a plugin with the configuration that it was made from, so that
// a reload can tell whether it is still the same one.
type builtPlugin struct {
	config *config.Plugin
	wrap   plugin.Plugin
}

// buildPlugins makes all plugins; those whose configuration did not change stay
// what they are, with the state they have gathered.
func (b *builder) buildPlugins() {
	registry := categories()
	for name, c := range b.config.Plugins {
		if old, ok := b.old.plugins[name]; ok && old.config.Equal(c) {
			b.next.plugins[name] = builtPlugin{c, old.wrap}
			continue
		}
		wrap, err := registry.New(c.Category, c, plugin.Env{Log: b.log.With("plugin", name), Stats: b.engine.stats})
		if err != nil {
			b.pluginProblem(name, c, err)
			continue
		}
		b.next.plugins[name] = builtPlugin{c, wrap}
	}
}

// pluginProblem reports why a plugin could not be made, at its place.
func (b *builder) pluginProblem(name string, c *config.Plugin, err error) {
	var problems config.Problems
	switch {
	case errors.As(err, &problems):
		b.problems = append(b.problems, problems...)
	case categories()[c.Category].New == nil:
		b.report(err, "plugins", name, "category")
	default:
		b.report(err, "plugins", name)
	}
}
