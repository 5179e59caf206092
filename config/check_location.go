package config

import (
	"fmt"
	"regexp"
	"strings"
)

func (b *binder) checkLocation(cfg *Config, l *Location) {
	p := path{"locations", l.Name}
	switch {
	case l.Upstream != "":
		b.checkUpstreamName(cfg, p.to("upstream"), l.Upstream)
	case len(l.Plugins) == 0:
		b.report(p.to("upstream"), "a location needs an upstream, or plugins that answer", "")
	}
	for i, name := range l.Plugins {
		b.checkPluginName(cfg, p.to("plugins", element(i)), name)
	}
	b.checkPath(p.to("path"), l)
	b.checkRewrite(p.to("rewrite"), l.Rewrite)
	for i, host := range l.Host {
		b.checkHost(p.to("host", element(i)), host)
	}
	for i, method := range l.Methods {
		if !isToken(method) {
			b.report(p.to("methods", element(i)), fmt.Sprintf("%q is not a method", method), "")
		}
	}
	b.checkMatches(p, l)
	b.checkHeaderRules(p, l)
}

func (b *binder) checkUpstreamName(cfg *Config, at path, name string) {
	if strings.HasPrefix(name, "$") {
		b.report(at, "Pingap's upstreams named by a variable are not built yet", "")
		return
	}
	reference(b, at, "upstream", name, cfg.Upstreams)
}

func (b *binder) checkPluginName(cfg *Config, at path, name string) {
	if category, ok := strings.CutPrefix(name, "pingap:"); ok && cfg.Plugins[name] == nil {
		b.report(at, fmt.Sprintf("Pingap's built-in plugins are not built yet; define [plugins.NAME] with category = %q", category), "")
		return
	}
	reference(b, at, "plugin", name, cfg.Plugins)
}

// checkPath wants a "/" in front of what is compared, and a valid regexp otherwise.
// Pingap's "= " and "~ " are left where path_type was written as well; in a regexp
// they would be taken for a part of it, which no path can have.
func (b *binder) checkPath(at path, l *Location) {
	_, bare := pathSpelling(l.Path)
	switch {
	case l.PathType == "regex" && (strings.HasPrefix(l.Path, "~ ") || strings.HasPrefix(l.Path, "~^")),
		l.PathType != "regex" && bare != l.Path && strings.HasPrefix(bare, "/"):
		b.report(at, fmt.Sprintf("%q says its type, which path_type does already", l.Path), bare)
	case l.PathType == "regex":
		b.checkRegexp(at, l.Path)
	case l.Path == "" && l.PathType == "exact":
		b.report(at, "an exact path must not be empty", "")
	case l.Path != "" && !strings.HasPrefix(l.Path, "/"):
		b.report(at, fmt.Sprintf("%q does not begin with \"/\"", l.Path), "/"+l.Path)
	}
}

// checkRewrite accepts a path in place of the matched prefix, or a regexp and
// its replacement.
func (b *binder) checkRewrite(at path, rewrite string) {
	words := strings.Fields(rewrite)
	switch {
	case len(words) == 1 && !strings.HasPrefix(rewrite, "/") && !strings.Contains(rewrite, "$"):
		b.report(at, fmt.Sprintf("%q does not begin with \"/\"", rewrite), "/"+rewrite)
	case len(words) == 2:
		b.checkRegexp(at, words[0])
	case len(words) > 2:
		b.report(at, "must be one word (a path) or two (a regular expression and its replacement)", "")
	}
}

func (b *binder) checkHost(at path, host string) {
	if pattern, ok := strings.CutPrefix(host, "~"); ok {
		b.checkRegexp(at, pattern)
		return
	}
	if !isHost(strings.Trim(strings.TrimPrefix(host, "*."), "[]")) {
		b.report(at, fmt.Sprintf("%q is not a host name, \"*.example.com\" or \"~regexp\"", host), "")
	}
}

func (b *binder) checkRegexp(at path, pattern string) {
	if _, err := regexp.Compile(pattern); err != nil {
		reason := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		b.report(at, fmt.Sprintf("%q is not a regular expression: %s", pattern, reason), "")
	}
}

// checkMatches wants "name" or "name:value" in match_headers, match_query and
// match_cookies; the names of headers and cookies are tokens (RFC 9110, 6265).
func (b *binder) checkMatches(p path, l *Location) {
	for key, rules := range map[string][]string{
		"match_headers": l.MatchHeaders, "match_query": l.MatchQuery, "match_cookies": l.MatchCookies,
	} {
		for i, rule := range rules {
			name, _, _ := strings.Cut(rule, ":")
			if name = strings.TrimSpace(name); name == "" || key != "match_query" && !isToken(name) {
				b.report(p.to(key, element(i)), fmt.Sprintf("%q is not \"name\" or \"name:value\"", rule), "")
			}
		}
	}
}
