package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"pingap-go/config"
	"pingap-go/plugin"
	"pingap-go/route"
	"pingap-go/telemetry/accesslog"
	"pingap-go/upstream"
)

// Check finds the mistakes that a configuration's text alone does not show:
// plugins' own keys, variables in header values and in rewrites, authorities that
// cannot be read, tags of access logs. It is a config.Check, so that they are told
// together with all others, and builds nothing that lasts. What build finds
// beside these needs a sound configuration.
func Check(c *config.Config) config.Problems {
	return slices.Concat(checkPlugins(c), checkLocations(c), checkFiles(c), checkAccessLogs(c))
}

func checkPlugins(c *config.Config) (problems config.Problems) {
	registry := categories()
	env := plugin.Env{Log: slog.New(slog.DiscardHandler), Stats: func() map[string]any { return nil }}
	for _, p := range c.Plugins {
		if p.Category == "" {
			continue // config has reported it
		}
		if _, err := registry.New(p.Category, p, env); err != nil {
			problems = append(problems, pluginProblems(c, p, err)...)
		}
	}
	return problems
}

func checkLocations(c *config.Config) (problems config.Problems) {
	for _, l := range c.Locations {
		path, pathErr := route.ParsePath(l.PathType, l.Path)
		hosts, hostErr := route.ParseHosts(l.Host)
		if pathErr != nil || hostErr != nil {
			continue // nobody knows the names of their groups
		}
		problems = append(problems, headerProblems(c, l, captureNames(path, hosts))...)
		if l.Rewrite == "" {
			continue
		}
		if _, err := route.ParseRewrite(l.Rewrite, path, hosts); err != nil {
			problems = append(problems, c.Problem(err.Error(), "locations", l.Name, "rewrite"))
		}
	}
	return problems
}

// checkFiles reads what upstreams and servers name, and keeps nothing of it.
func checkFiles(c *config.Config) (problems config.Problems) {
	for name, s := range c.Servers {
		var at *keyError
		if _, err := certificate(s); errors.As(err, &at) {
			problems = append(problems, c.Problem(at.err.Error(), "servers", name, at.key))
		}
	}
	for name, u := range c.Upstreams {
		var at *keyError
		if errors.As(setTLS(new(upstream.Options), u), &at) {
			problems = append(problems, c.Problem(at.err.Error(), "upstreams", name, at.key))
		}
	}
	return problems
}

func checkAccessLogs(c *config.Config) (problems config.Problems) {
	for name, s := range c.Servers {
		if _, err := accesslog.Compile(s.AccessLog); err != nil {
			problems = append(problems, c.Problem(err.Error(), "servers", name, "access_log"))
		}
	}
	return problems
}

// captureNames are the named groups of a location's path and hosts.
func captureNames(path route.Path, hosts []route.Host) []string {
	names := path.Names()
	for _, h := range hosts {
		names = append(names, h.Names()...)
	}
	return names
}

// headerProblems checks a location's header rules one by one, so that each
// mistake is reported where it stands.
func headerProblems(c *config.Config, l *config.Location, captures []string) config.Problems {
	var problems config.Problems
	request := func(lists plugin.HeaderLists) error { _, err := plugin.NewRequestRules(lists, captures...); return err }
	response := func(lists plugin.HeaderLists) error {
		_, err := plugin.NewResponseRules(lists, captures...)
		return err
	}
	check := func(key string, texts []string, try func(plugin.HeaderLists) error, lists func([]string) plugin.HeaderLists) {
		for i := range texts {
			if err := try(lists(texts[i : i+1])); err != nil {
				problems = append(problems, c.Problem(err.Error(), "locations", l.Name, key, fmt.Sprintf("[%d]", i)))
			}
		}
	}
	add := func(texts []string) plugin.HeaderLists { return plugin.HeaderLists{Add: texts} }
	set := func(texts []string) plugin.HeaderLists { return plugin.HeaderLists{Set: texts} }
	remove := func(texts []string) plugin.HeaderLists { return plugin.HeaderLists{Remove: texts} }
	check("headers_add", l.HeadersAdd, request, add)
	check("headers_set", l.HeadersSet, request, set)
	check("headers_remove", l.HeadersRemove, request, remove)
	check("response_headers_add", l.ResponseHeadersAdd, response, add)
	check("response_headers_set", l.ResponseHeadersSet, response, set)
	check("response_headers_remove", l.ResponseHeadersRemove, response, remove)
	return problems
}

func requestLists(l *config.Location) plugin.HeaderLists {
	return plugin.HeaderLists{Add: l.HeadersAdd, Set: l.HeadersSet, Remove: l.HeadersRemove}
}

func responseLists(l *config.Location) plugin.HeaderLists {
	return plugin.HeaderLists{Add: l.ResponseHeadersAdd, Set: l.ResponseHeadersSet, Remove: l.ResponseHeadersRemove}
}
