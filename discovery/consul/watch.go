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
	belief     belief
	index      uint64    // to ask with; 0 asks without waiting
	confirm    bool      // the leader has to confirm what the last answer says
	audited    time.Time // of the last answer that did not come from a stream
}

// newWatch makes a watch; known is what an earlier run knew.
func newWatch(client *Client, query Query, datacenter string, known []endpoint.Endpoint) *watch {
	return &watch{
		client: client, query: query, datacenter: datacenter,
		listing: newListing(query.Tags, query.warning(), &client.buffers),
		limiter: rate.NewLimiter(callsPerSecond, callsPerSecond),
		flaky:   discovery.Backoff{Max: 2 * time.Second},
		denied:  discovery.Backoff{Min: time.Second, Max: 10 * time.Second},
		belief:  newBelief(known),
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
			w.belief.shake(err)
			w.index, w.confirm = 0, false
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
	q := w.next(time.Now())
	meta, err := w.client.ask(ctx, q, w.listing)
	if err != nil {
		return part{}, again, err
	}
	if !streamed(meta) {
		w.audited = time.Now()
	}
	if q.index != 0 && meta.LastIndex == q.index {
		return part{}, same, nil
	}
	if err := w.trust(ctx, meta, w.listing.instances); err != nil {
		return part{}, again, err
	}
	w.listing.pace.Rest()
	if w.doubts(q, meta) {
		return part{}, again, nil
	}
	p := part{endpoints: w.listing.endpoints, empty: endpoint.Empty, index: meta.LastIndex}
	if w.listing.instances == 0 {
		if p.empty, err = w.emptiness(ctx); err != nil {
			return part{}, again, err
		}
	}
	// An index of 0 would never wait.
	// https://developer.hashicorp.com/consul/api-docs/features/blocking
	w.index, w.confirm = max(meta.LastIndex, 1), false
	w.listing.pace.Rest()
	w.belief.take(meta.LastIndex, p.endpoints, w.listing.critical, time.Now())
	w.limiter.SetLimit(min(callsPerSecond, rate.Limit(endpointsPerSecond)/rate.Limit(w.listing.instances+1)))
	w.listing.pace.Rest()
	return p, changed, nil
}

// next is the question to ask at now. It goes to the catalog itself, without
// waiting, when a stream has been the only source for a whole wait (one just goes
// quiet when the token's rights end), and when what an outage has left is over.
func (w *watch) next(now time.Time) question {
	left := w.belief.settled.Sub(now)
	if now.Sub(w.audited) >= w.client.options.Wait || w.belief.holding && left <= 0 {
		w.index = 0
	}
	q := w.question(healthPath(w.query.Service), w.query.Filter, w.index)
	q.consistent = w.confirm && w.index == 0
	if w.belief.holding {
		q.most = left
	}
	return q
}

// doubts reports whether the answer does not count before another one confirms
// it, and has that asked for: from the leader where it may be one of the past,
// and from the catalog itself where a stream lost an instance. A stream drops what
// its token may no longer see, and does not say so; the catalog does.
func (w *watch) doubts(q question, meta *api.QueryMeta) bool {
	if q.consistent {
		return false
	}
	missing, worse := w.belief.lost(w.listing.endpoints)
	w.confirm = meta.LastIndex < w.belief.index || w.belief.shaken && worse
	if !w.confirm && !(streamed(meta) && missing) {
		return false
	}
	w.index = 0
	return true
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
