package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pingap-go/admin"
	"pingap-go/config"
	"pingap-go/health"
	"pingap-go/proxy"
	"pingap-go/route"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream"
)

func (e *Engine) adminPools() []admin.Pool {
	var list []admin.Pool
	for _, p := range e.current.Load().allPools() {
		list = append(list, poolView(p.pool))
	}
	return list
}

// adminPool is one of them.
func (e *Engine) adminPool(name string) (view admin.Pool, ok bool) {
	for _, p := range e.current.Load().allPools() {
		if p.pool.Name() == name {
			return poolView(p.pool), true
		}
	}
	return view, false
}

func poolView(p *upstream.Pool) admin.Pool {
	s := p.Status()
	u := admin.Upstream{
		Name: s.Name, Discovery: s.Discovery, Algorithm: s.Algorithm, Stale: s.Stale, LastError: s.LastError,
		Condition: string(s.Condition), Source: s.Source.Detail, Index: s.Source.Index,
		TTLSeconds: s.Source.TTL.Seconds(), Saved: s.Saved, Ready: p.Ready(), Panic: s.Panic, Tier: s.Tier,
	}
	if !s.LastSuccess.IsZero() {
		u.LastSuccess = &s.LastSuccess
		u.AgeSeconds = ageOf(s.Discovery, s.LastSuccess).Seconds()
	}
	return admin.Pool{Upstream: u, Len: s.Len(), Endpoint: func(i int) admin.Endpoint { return endpointView(s.Endpoint(i)) }}
}

func endpointView(s upstream.EndpointStatus) admin.Endpoint {
	e := &s.Endpoint
	return admin.Endpoint{
		ID: e.Name, Node: e.Node, Address: e.Address, Weight: e.Weight, Tier: e.Tier, Tags: e.Tags, Meta: e.Meta,
		Verdict: string(s.Verdict), Reason: s.Reason, Since: s.Since, Registry: s.Registry, Probe: s.Probe, Ejection: s.Ejection,
		InFlight: s.InFlight, Requests: uint64(s.Requests), Failures: uint64(s.Failures),
		LatencyMS: float64(s.Latency.Microseconds()) / 1000,
	}
}

func (e *Engine) adminRoutes() []admin.Route {
	g := e.current.Load()
	var list []admin.Route
	for _, name := range sortedKeys(g.sites) {
		for _, r := range g.sites[name].Table().All() {
			list = append(list, g.auto.describe(routeView(name, g.config, &r), r.Group))
		}
		if relay := g.sites[name].Relay; relay != nil {
			list = append(list, admin.Route{Server: name, Protocol: "tcp", PathType: "any", Upstream: relay.Pool.Name(), Source: "config"})
		}
	}
	return append(list, g.auto.faulty()...)
}

// allPools are the configured pools, by name, and then those of automatic routes, too.
func (g *Generation) allPools() []*runningPool {
	var list []*runningPool
	for _, name := range sortedKeys(g.pools) {
		list = append(list, g.pools[name])
	}
	auto := g.auto.runningPools()
	slices.SortFunc(auto, func(a, b *runningPool) int { return cmp.Compare(a.pool.Name(), b.pool.Name()) })
	return append(list, auto...)
}

func routeView(server string, c *config.Config, r *route.Listed[*proxy.Location]) admin.Route {
	v := admin.Route{
		Server: server, Location: r.Name, Host: r.Hosts, Path: r.Path, PathType: r.PathType.String(), Methods: r.Methods,
		Match: maskedConditions(r.Conditions), Priority: r.Priority, Upstream: r.Target.Upstream, Source: "config",
	}
	if l := c.Locations[r.Name]; l != nil {
		v.Rewrite, v.Plugins = l.Rewrite, l.Plugins
	}
	return v
}

// maskedConditions are "header X-Group:beta" and so on, without secrets.
func maskedConditions(conditions []string) []string {
	masked := make([]string, len(conditions))
	for i, text := range conditions {
		part, rule, _ := strings.Cut(text, " ")
		masked[i] = part + " " + config.MaskRule(rule)
	}
	return masked
}

// poolStates are the pools for a scrape of the metrics.
func (e *Engine) poolStates() []metrics.Pool {
	var list []metrics.Pool
	for _, p := range e.current.Load().allPools() {
		s := p.pool.Status()
		state := metrics.Pool{Upstream: s.Name, Stale: s.Stale}
		since := s.LastSuccess
		if since.IsZero() {
			since = e.started
		}
		state.Age = ageOf(s.Discovery, since)
		for _, v := range health.Verdicts {
			state.Endpoints = append(state.Endpoints, metrics.VerdictCount{Verdict: string(v), Number: s.Verdicts[v]})
		}
		list = append(list, state)
	}
	return list
}

// ageOf is how old a membership is. A list in the configuration does not age.
func ageOf(discovery string, since time.Time) time.Duration {
	if discovery == "static" {
		return 0
	}
	return time.Since(since)
}
