package engine

import (
	"errors"
	"sync/atomic"

	"pingap-go/config"
	"pingap-go/message"
	"pingap-go/plugin"
	"pingap-go/proxy"
	"pingap-go/route"
)

// compiled is one location ready to be routed to, but for the server's metrics.
type compiled struct {
	rule     route.Rule[*proxy.Location]
	location proxy.Location
	chain    []plugin.Plugin
	pool     *runningPool
}

// compileLocations turns every [locations.NAME] into its parts. Each mistake is
// reported at its own key.
func (b *builder) compileLocations() map[string]*compiled {
	all := map[string]*compiled{}
	for name, l := range b.config.Locations {
		all[name] = b.compile(l)
	}
	return all
}

func (b *builder) compile(l *config.Location) *compiled {
	c := &compiled{location: proxy.Location{
		Name: l.Name, Upstream: l.Upstream, Route: l.Path,
		ForwardedHeaders: l.ForwardedHeaders, MaxBody: int64(l.ClientMaxBodySize), MaxProcessing: int64(l.MaxProcessing),
		Websocket: l.Websocket, Timeout: l.Timeout, ConnectTimeout: l.ConnectTimeout, ResponseTimeout: l.ResponseTimeout,
	}}
	c.location.Processing = b.processing(l.Name)
	if l.Retries != nil {
		c.location.Attempts = *l.Retries + 1
	}
	at := func(key string, err error) {
		if err != nil {
			b.report(err, "locations", l.Name, key)
		}
	}
	b.compileRule(c, l, at)
	captures := captureNames(c.rule.Path, c.rule.Hosts)
	var err error
	if l.Rewrite != "" {
		c.location.Rewrite, err = route.ParseRewrite(l.Rewrite, c.rule.Path, c.rule.Hosts)
		at("rewrite", err)
	}
	if problems := headerProblems(b.config, l, captures); len(problems) > 0 {
		b.problems = append(b.problems, problems...)
	} else {
		c.location.RequestHeaders, err = plugin.NewRequestRules(requestLists(l), captures...)
		at("headers_set", err)
		c.location.ResponseHeaders, err = plugin.NewResponseRules(responseLists(l), captures...)
		at("response_headers_set", err)
	}
	for _, name := range l.Plugins {
		if p, ok := b.next.plugins[name]; ok {
			c.chain = append(c.chain, p.wrap)
		}
	}
	c.pool = b.next.pools[l.Upstream]
	return c
}

// processing is the counter of a location's requests, the same one in all
// generations.
func (b *builder) processing(location string) *atomic.Int64 {
	n := b.old.processing[location]
	if n == nil {
		n = new(atomic.Int64)
	}
	b.next.processing[location] = n
	return n
}

// compileRule fills in what a location matches.
func (b *builder) compileRule(c *compiled, l *config.Location, at func(string, error)) {
	r := &c.rule
	r.Name, r.Methods, r.Priority = l.Name, l.Methods, l.Priority
	var err error
	r.Path, err = route.ParsePath(l.PathType, l.Path)
	at("path", err)
	r.Hosts, err = route.ParseHosts(l.Host)
	at("host", err)
	for _, part := range []struct {
		key   string
		part  route.Part
		texts []string
	}{
		{"match_headers", route.Header, l.MatchHeaders},
		{"match_query", route.Query, l.MatchQuery},
		{"match_cookies", route.Cookie, l.MatchCookies},
	} {
		conditions, err := route.ParseConditions(part.part, part.texts)
		at(part.key, err)
		r.Conditions = append(r.Conditions, conditions...)
	}
}

// locationFor makes the location that one server's routes lead to. Servers share
// nothing but the pool and the plugins, so that each has its own counters.
func (b *builder) locationFor(server string, c *compiled) *proxy.Location {
	l := c.location // a copy: the compiled one stays a pattern
	l.Metrics = b.engine.metrics.Route(server, l.Name, l.Upstream)
	b.next.routes = append(b.next.routes, l.Metrics)
	location := &l
	var last plugin.Handler = plugin.HandlerFunc(noUpstream)
	if c.pool != nil {
		last = &proxy.Forward{Pool: c.pool.pool, Location: location}
	}
	location.Handler = plugin.Chain(c.chain, last)
	return location
}

// noUpstream is the end of a chain whose plugins should have answered.
func noUpstream(*plugin.Exchange) error {
	return &message.Fault{Status: 503, Type: "no_endpoint", Detail: "this location has no upstream", Err: errors.New("no plugin answered")}
}
