package engine

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"pingap-go/config"
	"pingap-go/discovery/consul"
	"pingap-go/proxy"
	"pingap-go/route"
	"pingap-go/telemetry/accesslog"
	"pingap-go/telemetry/metrics"
)

// Generation is everything that was built from one load of the configuration.
// Parts that a reload did not touch are the same objects in both generations.
type Generation struct {
	Number     uint64
	config     *config.Config
	pools      map[string]*runningPool
	plugins    map[string]builtPlugin
	sites      map[string]*proxy.Site // by server
	routes     []*metrics.Route       // released when the generation is gone
	processing map[string]*atomic.Int64
	services   map[string]*runningService
	auto       *autoRoutes    // nil unless [auto_routes] is on
	consul     *consul.Client // nil until an upstream or a service needs it
}

// builder makes the next generation beside the old one, which it only reads.
type builder struct {
	engine   *Engine
	config   *config.Config
	old      *Generation
	next     *Generation
	log      *slog.Logger
	problems config.Problems
	noConsul bool // its mistake has been reported
}

// build makes a generation of a configuration, with nothing started and nothing
// listening. What did not change is taken over from old. All mistakes are
// reported, each at its place; then there is no generation.
func (e *Engine) build(c *config.Config, old *Generation) (*Generation, error) {
	b := &builder{engine: e, config: c, old: old, log: e.log, next: &Generation{
		Number: old.Number + 1, config: c, pools: map[string]*runningPool{}, plugins: map[string]builtPlugin{},
		sites: map[string]*proxy.Site{}, processing: map[string]*atomic.Int64{},
		services: map[string]*runningService{},
	}}
	if old.config != nil && old.config.Consul == c.Consul {
		b.next.consul = old.consul
	}
	b.buildPlugins()
	b.buildPools()
	b.buildServices()
	locations := b.compileLocations()
	for name, s := range c.Servers {
		b.buildSite(name, s, locations)
	}
	b.buildAutoRoutes()
	if len(b.problems) > 0 {
		slices.SortStableFunc(b.problems, func(x, y config.Problem) int {
			return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Col, y.Col))
		})
		b.next.discard(old)
		return nil, b.problems
	}
	return b.next, nil
}

// keyError is a mistake at one key of the block that was being built.
type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string { return e.key + ": " + e.err.Error() }

// report notes a mistake at a key of the configuration.
func (b *builder) report(err error, key ...string) {
	if errors.Is(err, errTold) {
		return
	}
	var at *keyError
	if errors.As(err, &at) {
		key, err = append(key, at.key), at.err
	}
	b.problems = append(b.problems, b.config.Problem(err.Error(), key...))
}

// tunnelGrace is how long a tunnel lives on in a drain that has time enough: its
// end belongs to the drain and must not be what the drain fails of.
const tunnelGrace = 5 * time.Second

// buildSite makes what one server does in this generation.
func (b *builder) buildSite(name string, s *config.Server, locations map[string]*compiled) {
	e := b.engine
	site := &proxy.Site{
		Server: name, Errors: proxy.NewErrorPage(e.options.Version, b.config.Basic.ErrorTemplate),
		Trusted: b.config.Basic.TrustedProxies, Metrics: e.metrics.Server(name), NoRoute: e.metrics.Route(name, "", ""),
		Log: e.accessLog, Tracer: e.tracer,
		Limits: proxy.Limits{
			ReadHeaderTimeout: s.ReadHeaderTimeout, IdleTimeout: s.IdleTimeout, Stall: cmp.Or(s.IdleTimeout, defaultStall),
			MaxHeaderBytes: int(s.MaxHeaderBytes), MaxConnections: int64(s.MaxConnections),
			HTTP2:       http2On(s),
			TunnelGrace: min(tunnelGrace, b.config.Basic.ShutdownTimeout/2),
		},
	}
	b.next.routes = append(b.next.routes, site.NoRoute)
	b.buildTLS(site, s)
	if s.Protocol == "tcp" {
		b.buildRelay(site, s)
	}
	if s.AccessLog != "off" && s.AccessLog != "" {
		format, err := accesslog.Compile(s.AccessLog)
		if err != nil {
			b.report(err, "servers", name, "access_log")
		}
		site.Format = format
	}
	var rules []route.Rule[*proxy.Location]
	for _, location := range s.Locations {
		if c := locations[location]; c != nil {
			rule := c.rule
			rule.Target = b.locationFor(name, c)
			rules = append(rules, rule)
		}
	}
	site.Routes = route.New(rules)
	b.next.sites[name] = site
}

// errTold stands for a mistake that has been reported where it was made.
var errTold = errors.New("the mistake was reported")

// consulClient is the one client that all of a generation's watches share. What is
// wrong with it is told once, at its section; where there is none the environment
// was wrong, and the caller tells it for each block that needs the client.
func (b *builder) consulClient() (*consul.Client, error) {
	switch {
	case b.next.consul != nil:
		return b.next.consul, nil
	case b.noConsul:
		return nil, errTold
	}
	client, err := consul.NewClient(consulOptions(&b.config.Consul))
	if err == nil {
		b.next.consul = client
		return client, nil
	}
	if problem := b.config.Problem(err.Error(), "consul"); problem.Line > 0 {
		b.problems, b.noConsul = append(b.problems, problem), true
		return nil, errTold
	}
	return nil, err
}

// discard lets go of what a generation that never served has taken hold of.
func (g *Generation) discard(old *Generation) {
	for name, p := range g.pools {
		if old.pools[name] != p {
			p.pool.Discard()
		}
	}
	g.release()
}

// release gives back the counters of a generation that has gone.
func (g *Generation) release() {
	for _, r := range g.routes {
		r.Release()
	}
	for _, s := range g.sites {
		s.Metrics.Release()
	}
}

// Validate builds a generation of a configuration and throws it away: everything
// that can be wrong without opening a socket is found. The error is
// config.Problems.
func Validate(c *config.Config) error {
	e := New(Options{Log: slog.New(slog.DiscardHandler), AccessLog: io.Discard})
	defer e.cancel()
	g, err := e.build(c, e.current.Load())
	if err == nil {
		g.discard(&Generation{})
	}
	return errors.Join(err, e.accessLog.Close(e.ctx))
}
