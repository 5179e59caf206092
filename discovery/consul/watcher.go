package consul

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// Query says which instances to follow.
type Query struct {
	// Service is the name in the catalog; needed.
	Service string
	// Tags must all be on an instance.
	Tags []string
	// Filter is an expression in Consul's own language, evaluated by Consul.
	Filter string
	// Datacenters in order of failover: instances of the first are tier 0, of the
	// second tier 1. None means the agent's own.
	Datacenters []string
	// Near sorts by round-trip time from a node ("_agent" for the agent's own).
	// It has no effect on balancing and makes Consul's streaming backend step
	// aside; leave it empty.
	Near string
	// Status lists the statuses in which an instance may serve: passing, which is
	// the default, and warning.
	Status []string
	// Seed is what an earlier run knew. A datacenter that cannot be asked keeps
	// its endpoints of the seed until it can. The seed of another query is ignored.
	Seed endpoint.Snapshot
}

func (q Query) warning() bool { return slices.Contains(q.Status, api.HealthWarning) }

func (q Query) check() error {
	if q.Service == "" {
		return errors.New("consul discovery needs a service")
	}
	for _, status := range q.Status {
		if status != api.HealthPassing && status != api.HealthWarning {
			return fmt.Errorf(`consul status %q is not "passing" or "warning"`, status)
		}
	}
	return nil
}

type watcher struct {
	client *Client
	query  Query
}

// NewWatcher follows one service over client. It opens no connection yet.
func NewWatcher(client *Client, query Query) (discovery.Watcher, error) {
	if err := query.check(); err != nil {
		return nil, err
	}
	if len(query.Datacenters) == 0 {
		query.Datacenters = []string{""}
	}
	return &watcher{client: client, query: query}, nil
}

// Watch runs one watch a datacenter, the first of them on the caller's goroutine,
// and publishes what they know together.
func (w *watcher) Watch(ctx context.Context, sink discovery.Sink) error {
	merged := newMerger(w.query, sink)
	var watches sync.WaitGroup
	defer watches.Wait()
	for tier, datacenter := range w.query.Datacenters[1:] {
		watches.Go(func() { w.follow(ctx, merged, tier+1, datacenter) })
	}
	w.follow(ctx, merged, 0, w.query.Datacenters[0])
	return nil
}

func (w *watcher) follow(ctx context.Context, merged *merger, tier int, datacenter string) {
	leave := w.client.join()
	defer leave()
	to := place{merged, tier}
	newWatch(w.client, w.query, datacenter, to.known()).run(ctx, to)
}

// seeds are the endpoints of an earlier run that asked the same.
func (q Query) seeds() []endpoint.Endpoint {
	if asked := q.source(0); q.Seed.Source.Kind != asked.Kind || q.Seed.Source.Detail != asked.Detail {
		return nil
	}
	return q.Seed.Endpoints
}

// source describes the query to people.
func (q Query) source(index uint64) endpoint.Source {
	detail := "service " + q.Service
	if len(q.Tags) > 0 {
		detail += " tags " + strings.Join(q.Tags, ",")
	}
	if q.Filter != "" {
		detail += " filter " + q.Filter
	}
	if datacenters := strings.Join(q.Datacenters, ","); datacenters != "" {
		detail += " in " + datacenters
	}
	return endpoint.Source{Kind: "consul", Detail: detail, Index: index}
}
