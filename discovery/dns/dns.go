// Package dns is the discovery kind for names with several addresses: each A and
// AAAA record of "host:port" is one endpoint.
//
//	w, err := dns.New(dns.Options{Addrs: []string{"app.internal:8080", "spare.internal:8080 0"}})
//	err = w.Watch(ctx, sink)
//
// An entry may carry a weight, which each of its addresses gets. README.md says
// when it asks, and what it makes of partial, empty and failing answers.
//
// The package leaves the wire to internal/resolver and the schedule to
// discovery.Poll. SRV names, which carry ports and weights, are the srv kind's.
package dns

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
	// Addrs are "host:port [weight]"; at least one. A host may be an IP address,
	// which is nobody's to ask.
	Addrs []string
	// Servers are name servers as "ip:port"; none = the system's, after its hosts
	// file.
	Servers []string
	// TCP asks over TCP at first.
	TCP bool
	// Refresh is the shortest time between two questions, and the time between
	// them where the TTL is 0; 0 = 1 s.
	Refresh time.Duration
	// Hold is how long an address that answers leave out keeps its endpoint; 0
	// lets it go at once.
	Hold time.Duration
	// Seed is what an earlier run knew; it is held like any other member.
	Seed endpoint.Snapshot
}

type watcher struct {
	options Options
	names   []*name
}

// New checks options; it asks nobody yet.
func New(o Options) (discovery.Watcher, error) {
	if len(o.Addrs) == 0 {
		return nil, errors.New("dns discovery needs at least one host:port")
	}
	r, err := resolver.New(resolver.Options{Servers: o.Servers, TCP: o.TCP})
	if err != nil {
		return nil, err
	}
	w := &watcher{options: o}
	for _, entry := range o.Addrs {
		n, err := newName(entry, r, o)
		if err != nil {
			return nil, err
		}
		w.names = append(w.names, n)
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
		n.refresh(ctx, &union)
	}
	source := endpoint.Source{Kind: "dns", Detail: strings.Join(w.options.Addrs, ", ")}
	return union.Answer(source, union.Members(), w.options.Refresh)
}
