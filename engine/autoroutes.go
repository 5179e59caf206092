package engine

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"pingap-go/admin"
	"pingap-go/autoroute"
	"pingap-go/config"
	"pingap-go/discovery"
	"pingap-go/discovery/consul"
	"pingap-go/proxy"
	"pingap-go/route"
)

// autoKey is all of the configuration that automatic routes depend on.
type autoKey struct {
	Auto      config.AutoRoutes
	Consul    config.Consul
	Keepalive int
}

// autoRoutes are the routes that services ask for by tags, with a pool for each
// service that is routed to. They outlive reloads that leave [auto_routes] alone:
// attach moves them to the next generation's site.
type autoRoutes struct {
	key     autoKey
	engine  *Engine
	watcher *autoroute.Watcher
	pattern *autoPattern
	client  *consul.Client
	ctx     context.Context
	stop    context.CancelFunc // nil until started
	done    chan struct{}

	mu         sync.Mutex
	generation *Generation // whose site has the routes, and whose plugins they use
	routes     map[string]*autoRoute
	pools      map[autoPoolKey]*autoPool
	names      map[string]*autoName
	problems   []autoroute.Problem
}

// autoRoute is one route in force.
type autoRoute struct {
	route    *autoroute.Route
	location *proxy.Location
	pools    []*autoPool // held once for each leg
	names    []string    // that the proxy registers itself under
	// problems are what the engine could not do of what the tags ask for.
	problems []autoroute.Problem
}

// buildAutoRoutes takes over the automatic routes, or prepares new ones.
func (b *builder) buildAutoRoutes() {
	c := &b.config.AutoRoutes
	site := b.next.sites[c.Server]
	if !c.Enabled || site == nil {
		return
	}
	site.Live = new(atomic.Pointer[route.Table[*proxy.Location]])
	site.Live.Store(site.Routes)
	key := autoKey{Auto: *c, Consul: b.config.Consul, Keepalive: b.config.Basic.KeepalivePoolSize}
	if old := b.old.auto; old != nil && reflect.DeepEqual(old.key, key) {
		b.next.auto = old
		return
	}
	client, err := b.consulClient()
	if err != nil {
		b.report(err, "auto_routes")
		return
	}
	pattern, err := newAutoPattern()
	if err != nil {
		b.report(err, "auto_routes")
		return
	}
	a := &autoRoutes{
		key: key, engine: b.engine, pattern: pattern, done: make(chan struct{}),
		generation: b.next, routes: map[string]*autoRoute{}, pools: map[autoPoolKey]*autoPool{},
		names: map[string]*autoName{}, client: client,
	}
	o := autoroute.WatcherOptions{
		Parser: autoroute.Parser{Prefix: c.TagPrefix}, Services: c.Services, Hold: c.Hold, Log: b.log,
		Names: client.WatchNames, Datacenter: client.Datacenter, Apply: a.apply,
		Service: func(name string) (discovery.Watcher, error) {
			return consul.NewWatcher(client, consul.Query{Service: name})
		},
	}
	b.remember(&o)
	a.watcher = autoroute.NewWatcher(o)
	b.next.auto = a
}

// startAutoRoutes begins to follow the catalog.
func (e *Engine) startAutoRoutes(g *Generation) {
	a := g.auto
	if a == nil || a.stop != nil {
		return
	}
	a.ctx, a.stop = context.WithCancel(e.ctx)
	e.tasks.Go(a.run)
}

// run follows the catalog until the routes' context ends, and then ends their pools.
func (a *autoRoutes) run() {
	defer close(a.done)
	a.watcher.Run(a.ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release(slices.Collect(maps.Values(a.routes)))
	clear(a.routes)
}

// end stops following the catalog; requests under way finish on their own.
func (a *autoRoutes) end() {
	a.stop()
	<-a.done
}

// apply puts changed routes in force, on the watcher's goroutine: new pools first,
// then the table, and last of all the pools that nobody needs any more end.
func (a *autoRoutes) apply(c autoroute.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.problems = c.Problems
	groups := make(map[string][]route.Rule[*proxy.Location], len(c.Routes))
	var gone []*autoRoute
	for key, r := range c.Routes {
		if old := a.routes[key]; old != nil {
			gone = append(gone, old)
			delete(a.routes, key)
		}
		groups[key] = nil
		if r != nil {
			groups[key] = []route.Rule[*proxy.Location]{a.compile(r)}
		}
	}
	a.awaitPools()
	live := a.generation.sites[a.key.Auto.Server].Live
	live.Store(live.Load().With(groups))
	a.release(gone)
}

// attach moves the routes to the site of a generation that is about to serve.
func (a *autoRoutes) attach(g *Generation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.generation == g {
		return
	}
	a.generation = g
	groups := make(map[string][]route.Rule[*proxy.Location], len(a.routes))
	var gone []*autoRoute
	for key, old := range a.routes {
		gone = append(gone, old)
		groups[key] = []route.Rule[*proxy.Location]{a.compile(old.route)} // with the generation's own plugins
	}
	site := g.sites[a.key.Auto.Server]
	site.Live.Store(site.Routes.With(groups))
	a.release(gone)
}

// release lets go of what routes that are no longer in a table have held.
func (a *autoRoutes) release(gone []*autoRoute) {
	for _, r := range gone {
		r.location.Metrics.Release()
		for _, p := range r.pools {
			a.releasePool(p)
		}
		for _, name := range r.names {
			a.releaseName(name)
		}
	}
}

// describe adds to a route of the table who asked for it. A nil autoRoutes has
// nothing to add.
func (a *autoRoutes) describe(v admin.Route, group string) admin.Route {
	if a == nil || group == "" {
		return v
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	v.Source = "consul"
	r := a.routes[group]
	if r == nil {
		return v
	}
	var tags []string
	for _, l := range r.route.Legs {
		tags = append(tags, l.Tags...)
	}
	v.Tag, v.Instances = strings.Join(tags, ", "), r.route.Instances()
	return v
}

// faulty lists what is wrong with tags and services, as routes with a problem.
func (a *autoRoutes) faulty() []admin.Route {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	problems := slices.Clone(a.problems)
	for _, key := range sortedKeys(a.routes) {
		problems = append(problems, a.routes[key].problems...)
	}
	var list []admin.Route
	for _, p := range problems {
		r := admin.Route{Server: a.key.Auto.Server, Upstream: p.Service, Source: "consul", Tag: p.Tag, Problem: p.Reason}
		if p.Instance != "" {
			r.Instances = []string{p.Instance}
		}
		list = append(list, r)
	}
	return list
}
