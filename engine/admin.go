package engine

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
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
	"pingap-go/web"
)

// adminServer is the admin API and where it listens.
type adminServer struct {
	api    *admin.Admin
	addr   string
	server *admin.Server // nil = off
	fresh  *admin.Server // opened by a reload that is not in force yet
}

// openAdmin makes the admin API listen where the next generation wants it,
// beside the old place until the swap.
func (e *Engine) openAdmin(next *Generation) error {
	a, c := &e.admin, &next.config.Admin
	if a.api == nil {
		a.api = admin.New(e.adminOptions(c.Token))
	}
	if c.Addr == "" || c.Addr == a.addr {
		return nil
	}
	if err := admin.CheckAddr(c.Addr, c.Token); err != nil {
		return e.at(next.config, err, "admin", "addr")
	}
	if c.Token != "" { // from its first moment the new address asks for the new token
		a.api.SetToken(c.Token)
	}
	fresh, err := a.api.Listen(c.Addr)
	if err != nil {
		return e.at(next.config, err, "admin", "addr")
	}
	a.fresh = fresh
	return nil
}

// swapAdmin puts the next generation's address and token in force.
func (e *Engine) swapAdmin(next *Generation) {
	a, c := &e.admin, &next.config.Admin
	a.api.SetToken(c.Token)
	if c.Addr == a.addr {
		return
	}
	old := a.server
	a.server, a.fresh, a.addr = a.fresh, nil, c.Addr
	if a.server != nil {
		e.log.Info("the admin API listens", "addr", a.server.Addr().String())
	}
	if old == nil {
		return
	}
	e.tasks.Go(func() { // a reload may have come over the old address: it gets its answer
		ctx, cancel := context.WithTimeout(e.ctx, 5*time.Second)
		defer cancel()
		if err := old.Shutdown(ctx); err != nil {
			e.log.Warn("old admin address was cut off", "err", err)
		}
	})
}

// dropFreshAdmin takes back what a failed reload has opened, and its token.
func (e *Engine) dropFreshAdmin(ctx context.Context) {
	if c := e.current.Load().config; c != nil && e.admin.api != nil {
		e.admin.api.SetToken(c.Admin.Token)
	}
	if e.admin.fresh != nil {
		_ = e.admin.fresh.Shutdown(ctx) // it has answered nobody
		e.admin.fresh = nil
	}
}

// adminGrace is how long answers of the admin API have to finish once all
// servers have ended: a profile, or a connection on which nothing was asked yet,
// is no reason to keep a drained program.
const adminGrace = time.Second

// closeAdmin ends the admin API.
func (e *Engine) closeAdmin(ctx context.Context) {
	e.dropFreshAdmin(ctx)
	if e.admin.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, adminGrace)
	defer cancel()
	if err := e.admin.server.Shutdown(ctx); err != nil {
		e.log.Info("the admin API was cut off", "err", err)
	}
}

func (e *Engine) adminOptions(token string) admin.Options {
	return admin.Options{
		Token: token, Log: e.log, Metrics: e.metrics.Handler(e.log), Page: web.Handler(),
		Status: e.adminStatus, Upstreams: e.adminUpstreams, Routes: e.adminRoutes, Services: e.adminServices,
		Config: func() any { return e.current.Load().config.Masked() },
		Reload: func(ctx context.Context) (uint64, error) {
			n, err := e.Reload(ctx)
			var problems config.Problems
			if errors.As(err, &problems) {
				invalid := &admin.Invalid{}
				for _, p := range problems {
					invalid.Problems = append(invalid.Problems, p.String())
				}
				return n, invalid
			}
			return n, err
		},
	}
}

func (e *Engine) adminStatus() admin.Status {
	g := e.current.Load()
	s := admin.Status{
		Version: e.options.Version, Generation: g.Number, Started: e.started, Draining: e.stopping.Load(),
		NotReady: e.notReady(g),
	}
	if last := e.lastLoad.Load(); last != nil {
		s.LastReload, s.ReloadError = last.good, last.problem
	}
	if g.config != nil {
		s.Name = g.config.Basic.Name
	}
	return s
}

// notReady says what is missing until traffic may come.
func (e *Engine) notReady(g *Generation) []string {
	var missing []string
	if e.stopping.Load() {
		missing = append(missing, "shutting down")
	}
	if g.config == nil {
		return append(missing, "starting: servers do not listen yet")
	}
	for name, p := range g.pools {
		if !p.pool.Ready() {
			missing = append(missing, `upstream "`+name+`" waits for the first answer of `+p.key.Upstream.Discovery+because(p.pool))
		}
	}
	if g.auto != nil {
		if what := g.auto.watcher.Waiting(); what != "" {
			missing = append(missing, "automatic routes wait for "+what)
		}
	}
	slices.Sort(missing)
	return missing
}

func because(p *upstream.Pool) string {
	if err := p.Status().LastError; err != "" {
		return ": " + err
	}
	return ""
}

func (e *Engine) adminUpstreams() []admin.Upstream {
	g := e.current.Load()
	var list []admin.Upstream
	for _, p := range g.allPools() {
		list = append(list, upstreamView(p.pool.Status(), p.pool.Ready()))
	}
	return list
}

func upstreamView(s upstream.Status, ready bool) admin.Upstream {
	u := admin.Upstream{
		Name: s.Name, Discovery: s.Discovery, Algorithm: s.Algorithm, Stale: s.Stale, LastError: s.LastError,
		Condition: string(s.Condition), Source: s.Source.Detail, Index: s.Source.Index,
		TTLSeconds: s.Source.TTL.Seconds(), Saved: s.Saved, Ready: ready, Panic: s.Panic, Tier: s.Tier,
	}
	if !s.LastSuccess.IsZero() {
		u.LastSuccess = &s.LastSuccess
		u.AgeSeconds = time.Since(s.LastSuccess).Seconds()
	}
	for i := range s.Endpoints {
		u.Endpoints = append(u.Endpoints, endpointView(&s.Endpoints[i]))
	}
	return u
}

func endpointView(s *upstream.EndpointStatus) admin.Endpoint {
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
		state.Age = time.Since(since)
		for _, v := range health.Verdicts {
			n := 0
			for i := range s.Endpoints {
				if s.Endpoints[i].Verdict == v {
					n++
				}
			}
			state.Endpoints = append(state.Endpoints, metrics.VerdictCount{Verdict: string(v), Number: n})
		}
		list = append(list, state)
	}
	return list
}

// stateDir is where memberships are kept: as configured, or the user's cache.
func stateDir(c *config.Config) (string, error) {
	if c.Basic.StateDir != "" {
		return c.Basic.StateDir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "pingap", c.Basic.Name), nil
}
