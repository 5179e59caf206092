// Package static is the discovery kind for members that are written down: a list
// of addresses that never changes while it runs.
//
//	w, err := static.New(static.Options{Addrs: []string{"10.0.0.1:8080", "10.0.0.2:8080 3"}})
//
// Each entry is "host:port", "[ip6]:port" or "unix:/path", optionally followed
// by a space and a weight. A host name stays a name: whoever connects resolves
// it, each time anew. For names that stand for several instances use the dns
// kind, which follows all of their addresses.
package static

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// Options say who the members are.
type Options struct {
	// Addrs are the members, "host:port [weight]" each; the weight is 1 when
	// absent, 0 means "only when nobody else is left". At least one is needed.
	Addrs []string
}

type watcher struct {
	snapshot endpoint.Snapshot
}

// New checks the list. The error names the entry that is wrong.
func New(o Options) (discovery.Watcher, error) {
	if len(o.Addrs) == 0 {
		return nil, errors.New("static discovery needs at least one address")
	}
	endpoints := make([]endpoint.Endpoint, 0, len(o.Addrs))
	seen := make(map[string]bool, len(o.Addrs))
	for _, entry := range o.Addrs {
		e, err := parse(entry)
		if err != nil {
			return nil, err
		}
		if seen[e.ID] {
			return nil, fmt.Errorf("address %q is listed twice", e.ID)
		}
		seen[e.ID] = true
		endpoints = append(endpoints, e)
	}
	source := endpoint.Source{Kind: "static", Detail: describe(o.Addrs)}
	return &watcher{snapshot: endpoint.NewSnapshot(source, endpoints, endpoint.Empty)}, nil
}

// described is how many addresses the source's description names.
const described = 8

// describe names the addresses, or the first of many.
func describe(addrs []string) string {
	if len(addrs) <= described {
		return strings.Join(addrs, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(addrs[:described], ", "), len(addrs)-described)
}

// Watch publishes the list once and waits for ctx to end.
func (w *watcher) Watch(ctx context.Context, sink discovery.Sink) error {
	sink.Update(w.snapshot)
	<-ctx.Done()
	return nil
}

func parse(entry string) (endpoint.Endpoint, error) {
	address, weight, err := discovery.SplitWeight(entry)
	if err != nil {
		return endpoint.Endpoint{}, err
	}
	if err := discovery.CheckAddress(address); err != nil {
		return endpoint.Endpoint{}, err
	}
	return endpoint.Endpoint{ID: address, Name: address, Address: address, Weight: weight, Note: "static"}, nil
}
