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
	callsPerSecond = 50
	// endpointsPerSecond lowers that bound for services with many instances.
	endpointsPerSecond = 50_000
)

// watch follows the service in one datacenter.
type watch struct {
	client     *Client
	query      Query
	datacenter string // "" = the agent's own
	listing    *listing
	limiter    *rate.Limiter
	flaky      discovery.Backoff // the agent is away
	denied     discovery.Backoff // the agent hides the answer; only people mend that
	index      uint64            // of the last answer; 0 asks without waiting
	audited    time.Time         // of the last answer that did not come from a stream
	members    map[string]bool   // IDs in the last answer
}

func newWatch(client *Client, query Query, datacenter string) *watch {
	return &watch{
		client: client, query: query, datacenter: datacenter,
		listing: newListing(query.Tags, query.warning(), &client.buffers),
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

// outcome is what one look brought.
type outcome int

const (
	again   outcome = iota // nothing; look again
	same                   // the answer is the one before
	changed                // a new part
)

// hearer takes what a watch finds out.
type hearer interface {
	news(part)
	same()
	fail(error)
}

// run asks until ctx ends.
func (w *watch) run(ctx context.Context, h hearer) {
	for w.limiter.Wait(ctx) == nil {
		p, found, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errTurn):
		case err != nil:
			h.fail(w.sentence(err))
			w.index = 0
			if !discovery.Pause(ctx, w.backoff(err).Next()) {
				return
			}
		case found == changed:
			w.recovered()
			h.news(p)
		case found == same:
			w.recovered()
			h.same()
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

// look asks once.
func (w *watch) look(ctx context.Context) (part, outcome, error) {
	meta, err := w.client.ask(ctx, w.question(healthPath(w.query.Service), w.query.Filter, w.index), w.listing)
	switch {
	case err != nil:
		return part{}, again, err
	case w.index != 0 && meta.LastIndex == w.index:
		w.audit(meta)
		return part{}, same, nil
	case meta.LastIndex < w.index:
		w.index = 0
		return part{}, again, nil
	}
	if err := w.trust(ctx, meta, w.listing.instances); err != nil {
		return part{}, again, err
	}
	p := part{endpoints: w.listing.endpoints, empty: endpoint.Empty, index: meta.LastIndex}
	if streamed(meta) && w.loses(p) {
		w.index = 0
		return part{}, again, nil
	}
	if w.listing.instances == 0 {
		if p.empty, err = w.emptiness(ctx); err != nil {
			return part{}, again, err
		}
	}
	w.accept(p, meta)
	w.limiter.SetLimit(min(callsPerSecond, rate.Limit(endpointsPerSecond)/rate.Limit(w.listing.instances+1)))
	return p, changed, nil
}

// accept keeps what the next look builds on. An index of 0 would never wait.
// https://developer.hashicorp.com/consul/api-docs/features/blocking
func (w *watch) accept(p part, meta *api.QueryMeta) {
	w.index = max(meta.LastIndex, 1)
	if !streamed(meta) {
		w.audited = time.Now()
	}
	w.members = make(map[string]bool, len(p.endpoints))
	for i := range p.endpoints {
		w.members[p.endpoints[i].ID] = true
	}
}

// audit has the next query go to the catalog itself when the stream has been the
// only source for a whole wait: it just goes quiet when the token's rights end.
func (w *watch) audit(meta *api.QueryMeta) {
	if streamed(meta) && time.Since(w.audited) >= w.client.options.Wait {
		w.index = 0
	}
}

// loses reports whether a member of the last answer is missing. A stream also
// drops what its token may no longer see, and does not say so; the catalog does,
// so a loss counts when the catalog confirms it.
func (w *watch) loses(p part) bool {
	left := 0
	for i := range p.endpoints {
		if w.members[p.endpoints[i].ID] {
			left++
		}
	}
	return left < len(w.members)
}

func (w *watch) question(path, filter string, index uint64) question {
	return question{path: path, datacenter: w.datacenter, filter: filter, near: w.query.Near, index: index}
}

// trust refuses answers that are not the whole truth. For the anonymous token
// Consul does not say that it filtered, so an empty answer under a policy that
// denies by default is looked into further.
func (w *watch) trust(ctx context.Context, meta *api.QueryMeta, instances int) error {
	switch {
	case meta.ResultsFilteredByACLs:
		return errFiltered
	case instances > 0 || meta.DefaultACLPolicy != "deny" || w.client.tokens.configured():
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

func (w *watch) sentence(err error) error {
	if w.datacenter == "" {
		return fmt.Errorf("watch consul service %q: %w", w.query.Service, err)
	}
	return fmt.Errorf("watch consul service %q in %s: %w", w.query.Service, w.datacenter, err)
}
