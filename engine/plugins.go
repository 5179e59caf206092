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
			b.problems = append(b.problems, pluginProblems(b.config, c, err)...)
			continue
		}
		b.next.plugins[name] = builtPlugin{c, wrap}
	}
}

// pluginProblems says why a plugin could not be made, each mistake at its place.
func pluginProblems(c *config.Config, p *config.Plugin, err error) config.Problems {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var problems config.Problems
		for _, one := range all.Unwrap() {
			problems = append(problems, pluginProblems(c, p, one)...)
		}
		return problems
	}
	if problems, ok := errors.AsType[config.Problems](err); ok {
		return problems
	}
	if at, ok := errors.AsType[*plugin.KeyError](err); ok {
		return config.Problems{c.Problem(at.Err.Error(), "plugins", p.Name, at.Key)}
	}
	if categories()[p.Category].New == nil {
		return config.Problems{c.Problem(err.Error(), "plugins", p.Name, "category")}
	}
	return config.Problems{c.Problem(err.Error(), "plugins", p.Name)}
}
