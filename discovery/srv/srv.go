// Package srv is the discovery kind for DNS SRV records (RFC 2782), as Consul,
// Kubernetes and plain name servers publish them.
//
//	w, err := srv.New(srv.Options{Names: []string{"_api._tcp.service.consul"}, Servers: []string{"127.0.0.1:8600"}})
//	err = w.Watch(ctx, sink)
//
// A target and its port are one endpoint, whatever its address is today.
// Priorities become tiers, weights go to the balancer one to one. README.md says
// when it asks, and what it makes of partial, empty and failing answers.
//
// The package leaves the wire to internal/resolver and the schedule to
// discovery.Poll.
package srv

import (
	"context"
	"errors"
	"strings"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/internal/resolver"
)

// Options say what to ask, and whom.
type Options struct {
	// Names are SRV names ("_api._tcp.service.consul"); at least one.
	Names []string
	// Servers are name servers as "ip:port"; none = the system's.
	Servers []string
	// TCP asks over TCP at first.
	TCP bool
	// Refresh is the shortest time between two questions, and the time between
	// them where the TTL is 0; 0 = 1 s.
	Refresh time.Duration
	// Hold is how long a target that answers leave out keeps its endpoint; 0 lets
	// it go at once.
	Hold time.Duration
	// Seed is what an earlier run knew; it is held like any other member. The seed
	// of other names is ignored.
	Seed endpoint.Snapshot
}

type watcher struct {
	options Options
	names   []*name
}

// New checks options; it asks nobody yet.
func New(o Options) (discovery.Watcher, error) {
	if len(o.Names) == 0 {
		return nil, errors.New("srv discovery needs at least one name")
	}
	r, err := resolver.New(resolver.Options{Servers: o.Servers, TCP: o.TCP})
	if err != nil {
		return nil, err
	}
	w := &watcher{options: o}
	for _, text := range o.Names {
		w.names = append(w.names, newName(text, r, o))
	}
	return w, nil
}

// Watch asks by the TTL of the answers until ctx ends.
func (w *watcher) Watch(ctx context.Context, sink discovery.Sink) error {
	discovery.Poll(ctx, sink, discovery.PollOptions{}, w.look)
	return nil
}

// look asks for every name.
func (w *watcher) look(ctx context.Context) (discovery.Answer, error) {
	var union discovery.Union
	for _, n := range w.names {
		union.Add(n.refresh(ctx))
	}
	source := endpoint.Source{Kind: kind, Detail: w.options.detail()}
	return union.Answer(source, rank(union.Members()), w.options.Refresh)
}

const kind = "srv"

// detail says what is asked; a snapshot's source has the server after it.
func (o Options) detail() string { return strings.Join(o.Names, ", ") }

// seeds are the endpoints of an earlier run that asked for the same names.
func (o Options) seeds() []endpoint.Endpoint {
	names, _, _ := strings.Cut(o.Seed.Source.Detail, " @")
	if o.Seed.Source.Kind != kind || names != o.detail() {
		return nil
	}
	return o.Seed.Endpoints
}
