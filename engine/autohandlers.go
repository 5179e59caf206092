package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"

	"pingap-go/autoroute"
	"pingap-go/balance"
	"pingap-go/message"
	"pingap-go/plugin"
	"pingap-go/proxy"
	"pingap-go/route"
	"pingap-go/upstream"
)

// autoLocation is the location label of all automatic routes in metrics; the
// upstream's tells the services apart. Ten thousand routes are no reason for ten
// thousand histograms.
const autoLocation = "auto_routes"

// compile makes a route's handlers, takes hold of its pools and keeps it. The
// rule is for the table. a.mu is held.
func (a *autoRoutes) compile(r *autoroute.Route) route.Rule[*proxy.Location] {
	l := a.pattern.location // a copy
	c := &autoRoute{route: r, location: &l}
	l.Name, l.Route, l.Upstream, l.Processing = r.Key, r.Path.Text, strings.Join(r.Services(), ","), new(atomic.Int64)
	l.Metrics = a.engine.metrics.Route(a.key.Auto.Server, autoLocation, l.Upstream)
	legs := make(split, 0, len(r.Legs))
	sum := 0.0
	for i := range r.Legs {
		sum += r.Legs[i].Share
		s := a.compileLeg(c, &r.Legs[i])
		s.until = sum
		legs = append(legs, s)
	}
	l.Handler = legs
	if len(legs) == 1 {
		l.Handler = legs[0].handler
	}
	a.routes[r.Key] = c
	rule := route.Rule[*proxy.Location]{Name: r.Key, Path: r.Path, Target: &l}
	if r.Host.Type != route.AnyHost {
		rule.Hosts = []route.Host{r.Host}
	}
	return rule
}

// compileLeg links what a leg's options ask for, in fabio's order: who may come
// in, then the redirect or the way to the instances.
func (a *autoRoutes) compileLeg(c *autoRoute, leg *autoroute.Leg) share {
	o := leg.Options
	s := share{service: leg.Service}
	refuse := func(err error) share {
		for _, name := range leg.Instances {
			c.problems = append(c.problems, autoroute.Problem{
				Service: leg.Service, Instance: name, Tag: strings.Join(leg.Tags, ", "), Reason: err.Error(),
			})
		}
		s.handler = plugin.HandlerFunc(unusable)
		return s
	}
	if o.Register != "" {
		if err := a.holdName(o.Register); err != nil {
			return refuse(err)
		}
		c.names = append(c.names, o.Register)
	}
	var chain []plugin.Plugin
	if o.Allow != "" || o.Deny != "" {
		chain = append(chain, access{allow: autoroute.Networks(o.Allow), deny: autoroute.Networks(o.Deny)}.wrap)
	}
	if o.Auth != "" {
		guard, err := a.guard(o.Auth)
		if err != nil {
			return refuse(err)
		}
		chain = append(chain, guard)
	}
	if o.Redirect != 0 {
		s.handler = plugin.Chain(chain, &sendAway{status: o.Redirect, to: o.Location, rewrite: route.NewStrip(o.Strip, o.Prepend)})
		return s
	}
	if o.Strip != "" || o.Prepend != "" {
		chain = append(chain, rewriting(route.NewStrip(o.Strip, o.Prepend)))
	}
	last, err := a.forward(c, leg, &s)
	if err != nil {
		return refuse(err)
	}
	s.handler = plugin.Chain(chain, last)
	return s
}

// forward is the way to a leg's instances.
func (a *autoRoutes) forward(c *autoRoute, leg *autoroute.Leg, s *share) (plugin.Handler, error) {
	l := &a.pattern.location // shared: ten thousand routes have no need of their own
	if host := leg.Options.Host; host != "" {
		own := *l
		l = &own
		if host == autoroute.SelfHost {
			host = "$upstream_addr"
		}
		var err error
		if l.RequestHeaders, err = plugin.NewRequestRules(plugin.HeaderLists{Set: []string{"Host: " + host}}); err != nil {
			return nil, err
		}
	}
	p, err := a.poolOf(leg.Service, leg.Options)
	if err != nil {
		return nil, err
	}
	c.pools = append(c.pools, p)
	policy, err := balance.New("weighted_round_robin", balance.Settings{Start: rand.Uint64()})
	if err != nil {
		return nil, err
	}
	s.lane = p.pool.NewLane(policy, leg.Weigh)
	return &proxy.Forward{Pool: p.pool, Lane: s.lane, Location: l}, nil
}

// guard is the plugin that an auth option names.
func (a *autoRoutes) guard(name string) (plugin.Plugin, error) {
	p, ok := a.generation.plugins[name]
	if !ok || p.config.Category != "basic_auth" {
		return nil, fmt.Errorf("option \"auth=%s\": no plugin of category basic_auth is named %q, so nobody is let in", name, name)
	}
	return p.wrap, nil
}

// unusable stands in for a leg that cannot do what its tags ask for.
func unusable(*plugin.Exchange) error {
	return &message.Fault{Status: 503, Type: "no_endpoint", Detail: "this route cannot be used as its tag asks for"}
}

// split divides a route's requests among its legs.
type split []share

// share is one leg; its part of the requests ends at until, of 1.
type share struct {
	service string
	until   float64
	lane    *upstream.Lane // nil where nobody is forwarded to
	handler plugin.Handler
}

// Serve implements plugin.Handler.
func (s split) Serve(ex *plugin.Exchange) error {
	leg := s.pick(rand.Float64())
	ex.Upstream = leg.service
	return leg.handler.Serve(ex)
}

// pick finds the leg at a point between 0 and 1. A leg without a host that could
// serve leaves its part to the next one that has.
func (s split) pick(at float64) *share {
	first := len(s) - 1
	for i := range s {
		if at < s[i].until {
			first = i
			break
		}
	}
	for n := range s {
		leg := &s[(first+n)%len(s)]
		if leg.lane == nil || leg.lane.Available() {
			return leg
		}
	}
	return &s[first]
}

// rewriting changes the path on the way to the instances.
func rewriting(r *route.Rewrite) plugin.Plugin {
	return func(next plugin.Handler) plugin.Handler {
		return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
			ex.Request.Path = r.Apply(ex.Request.Path, nil)
			return next.Serve(ex)
		})
	}
}

// sendAway answers a redirect.
type sendAway struct {
	status  int
	to      string // with $host and $path
	rewrite *route.Rewrite
}

// Serve implements plugin.Handler. The query goes along with the path, unless
// the target has one of its own.
func (s *sendAway) Serve(ex *plugin.Exchange) error {
	r := &ex.Request
	path := s.rewrite.Apply(r.Path, nil)
	target := strings.Replace(strings.Replace(s.to, "/$path", "$path", 1), "$path", path, 1)
	target = strings.Replace(target, "$host", r.Authority, 1)
	if r.HasQuery && strings.Contains(s.to, "$path") && !strings.Contains(s.to, "?") {
		target += "?" + r.Query
	}
	ex.Answer(s.status, "", nil)
	ex.Response.Header.Add("Location", target)
	return nil
}
