package consul

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/consul/api"
	"golang.org/x/time/rate"

	"pingap-go/discovery"
)

// namesPerSecond bounds how often the list of all services is fetched: it is
// long, and any change of any service wakes the query.
const (
	namesPerSecond = 2
	namesAtOnce    = 4
)

// WatchNames follows the names of all services in the catalog, each with all the
// tags that any of its instances has, until ctx ends: one blocking query, however
// many services there are. news gets each complete answer and owns it, fail every
// error; after one, the last answer still counts.
func (c *Client) WatchNames(ctx context.Context, news func(tags map[string][]string), fail func(error)) {
	leave := c.join()
	defer leave()
	limiter := rate.NewLimiter(namesPerSecond, namesAtOnce)
	flaky := discovery.Backoff{Max: 2 * time.Second}
	w := names{client: c, shaken: true}
	for limiter.Wait(ctx) == nil {
		tags, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errTurn):
		case err != nil:
			fail(fmt.Errorf("watch consul's list of services: %w", err))
			w.index, w.confirm, w.shaken = 0, false, true
			if !discovery.Pause(ctx, flaky.Next()) {
				return
			}
		default:
			flaky.Reset()
			if tags != nil {
				news(tags)
			}
		}
	}
}

// names is the watch on the list of services. What its answers are worth, it
// finds out as belief does.
type names struct {
	client  *Client
	index   uint64   // to ask with
	counted uint64   // of the last answer that counted
	known   []string // the names in it
	shaken  bool     // nothing has counted since the start or the last error
	confirm bool     // the leader has to confirm what the last answer says
}

// look asks once; tags is nil when there is no news. An answer with nothing in it
// is not believed: Consul's own service is always there, unless the token may not
// see it.
func (w *names) look(ctx context.Context) (tags map[string][]string, err error) {
	var answer json.RawMessage
	q := question{path: "/v1/catalog/services", index: w.index, consistent: w.confirm}
	meta, err := w.client.ask(ctx, q, &answer)
	if err != nil || q.index != 0 && meta.LastIndex == q.index {
		return nil, err
	}
	if err := json.Unmarshal(answer, &tags); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", w.client.target, err)
	}
	switch {
	case len(tags) > 0:
	case meta.ResultsFilteredByACLs:
		return nil, errFiltered
	case meta.DefaultACLPolicy == "deny" && !w.client.tokens.configured():
		if err := w.client.anonymous(ctx); err != nil {
			return nil, err
		}
	}
	if !q.consistent && (meta.LastIndex < w.counted || w.shaken && w.loses(tags)) {
		w.index, w.confirm = 0, true
		return nil, nil
	}
	w.index, w.counted = max(meta.LastIndex, 1), meta.LastIndex
	w.known, w.shaken, w.confirm = slices.Collect(maps.Keys(tags)), false, false
	return tags, nil
}

func (w *names) loses(tags map[string][]string) bool {
	for _, name := range w.known {
		if _, ok := tags[name]; !ok {
			return true
		}
	}
	return false
}

// Datacenter is the name of the agent's own datacenter.
func (c *Client) Datacenter(ctx context.Context) (string, error) {
	if c.options.Datacenter != "" {
		return c.options.Datacenter, nil
	}
	var self struct{ Config struct{ Datacenter string } }
	if _, err := c.api.Raw().Query("/v1/agent/self", &self, (&api.QueryOptions{}).WithContext(ctx)); err != nil {
		return "", fmt.Errorf("ask consul's agent for its datacenter: %w", c.explain(ctx, err))
	}
	return self.Config.Datacenter, nil
}
