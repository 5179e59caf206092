package consul

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/consul/api"
	"golang.org/x/time/rate"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

const (
	// callsPerSecond bounds how often one watch asks, however often Consul has
	// news; a burst of as many is free.
	callsPerSecond = 20
	// endpointsPerSecond lowers that bound for services with many instances.
	endpointsPerSecond = 20_000
)

// watch follows the service in one datacenter.
type watch struct {
	client     *Client
	query      Query
	datacenter string // "" = the agent's own
	limiter    *rate.Limiter
	flaky      discovery.Backoff // the agent is away
	denied     discovery.Backoff // the agent hides the answer; only people mend that
	index      uint64            // of the last answer; 0 asks without waiting
}

func newWatch(client *Client, query Query, datacenter string) *watch {
	return &watch{
		client: client, query: query, datacenter: datacenter,
		limiter: rate.NewLimiter(callsPerSecond, callsPerSecond),
		flaky:   discovery.Backoff{Max: 2 * time.Second},
		denied:  discovery.Backoff{Min: time.Second, Max: 10 * time.Second},
	}
}

// part is the membership in one datacenter.
type part struct {
	endpoints []endpoint.Endpoint
	empty     endpoint.Condition // what an empty list stands for
	index     uint64
}

// run asks until ctx ends. news gets every complete answer, fail every error.
func (w *watch) run(ctx context.Context, news func(part), same func(), fail func(error)) {
	for w.limiter.Wait(ctx) == nil {
		p, changed, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errTurn):
		case err != nil:
			fail(w.sentence(err))
			w.index = 0
			if !discovery.Pause(ctx, w.backoff(err).Next()) {
				return
			}
		case changed:
			w.recovered()
			news(p)
		default:
			w.recovered()
			same()
		}
	}
}

func (w *watch) backoff(err error) *discovery.Backoff {
	if errors.Is(err, discovery.ErrDenied) {
		return &w.denied
	}
	return &w.flaky
}

func (w *watch) recovered() {
	w.flaky.Reset()
	w.denied.Reset()
}

// look asks once; changed is false when the answer is the one before.
func (w *watch) look(ctx context.Context) (p part, changed bool, err error) {
	var entries []entry
	meta, err := w.client.ask(ctx, w.question(healthPath(w.query.Service), w.query.Filter, w.index), &entries)
	if err != nil {
		return part{}, false, err
	}
	if w.index != 0 && meta.LastIndex == w.index {
		return part{}, false, nil
	}
	if err := w.trust(ctx, meta, len(entries)); err != nil {
		return part{}, false, err
	}
	p = part{endpoints: w.describe(entries), empty: endpoint.Empty, index: meta.LastIndex}
	if len(entries) == 0 {
		if p.empty, err = w.emptiness(ctx); err != nil {
			return part{}, false, err
		}
	}
	w.advance(meta.LastIndex)
	w.limiter.SetLimit(min(callsPerSecond, rate.Limit(endpointsPerSecond)/rate.Limit(len(entries)+1)))
	return p, true, nil
}

func (w *watch) question(path, filter string, index uint64) question {
	return question{path: path, datacenter: w.datacenter, filter: filter, near: w.query.Near, index: index}
}

// advance keeps the index for the next query. One that goes backwards (the
// servers were restored or replaced) starts over, and 0 would never wait.
// https://developer.hashicorp.com/consul/api-docs/features/blocking
func (w *watch) advance(index uint64) {
	if index < w.index {
		w.index = 0
		return
	}
	w.index = max(index, 1)
}

// trust refuses answers that are not the whole truth. For the anonymous token
// Consul does not say that it filtered, so an empty answer under a policy that
// denies by default is looked into further.
func (w *watch) trust(ctx context.Context, meta *api.QueryMeta, entries int) error {
	switch {
	case meta.ResultsFilteredByACLs:
		return errFiltered
	case entries > 0 || meta.DefaultACLPolicy != "deny" || w.client.tokens.configured():
		return nil
	default:
		return w.client.anonymous(ctx)
	}
}

// emptiness says what a list of no instances means. Consul has no services
// without instances, so only a filter can have hidden some.
func (w *watch) emptiness(ctx context.Context) (endpoint.Condition, error) {
	if w.query.Filter == "" {
		return endpoint.Unknown, nil
	}
	var entries []struct{ ServiceID string }
	_, err := w.client.ask(ctx, w.question(catalogPath(w.query.Service), "", 0), &entries)
	switch {
	case err != nil:
		return "", err
	case len(entries) == 0:
		return endpoint.Unknown, nil
	default:
		return endpoint.Empty, nil
	}
}

// describe turns the instances that have the wanted tags into endpoints.
func (w *watch) describe(entries []entry) []endpoint.Endpoint {
	endpoints := make([]endpoint.Endpoint, 0, len(entries))
	for i := range entries {
		if entries[i].hasTags(w.query.Tags) {
			endpoints = append(endpoints, entries[i].endpoint(w.query.warning()))
		}
	}
	return endpoints
}

func (w *watch) sentence(err error) error {
	if w.datacenter == "" {
		return fmt.Errorf("watch consul service %q: %w", w.query.Service, err)
	}
	return fmt.Errorf("watch consul service %q in %s: %w", w.query.Service, w.datacenter, err)
}
