package consul

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	var index uint64
	for limiter.Wait(ctx) == nil {
		tags, next, err := c.names(ctx, index)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errTurn):
		case err != nil:
			fail(fmt.Errorf("watch consul's list of services: %w", err))
			index = 0
			if !discovery.Pause(ctx, flaky.Next()) {
				return
			}
		default:
			flaky.Reset()
			index = next
			if tags != nil {
				news(tags)
			}
		}
	}
}

// names asks once; tags is nil when the answer is the one before. An answer with
// nothing in it is not believed: Consul's own service is always there, unless
// the token may not see it.
func (c *Client) names(ctx context.Context, index uint64) (tags map[string][]string, next uint64, err error) {
	var answer json.RawMessage
	meta, err := c.ask(ctx, question{path: "/v1/catalog/services", index: index}, &answer)
	if err != nil || index != 0 && meta.LastIndex == index {
		return nil, index, err
	}
	if err := json.Unmarshal(answer, &tags); err != nil {
		return nil, 0, fmt.Errorf("answer of %s: %w", c.target, err)
	}
	switch {
	case len(tags) > 0:
	case meta.ResultsFilteredByACLs:
		return nil, 0, errFiltered
	case meta.DefaultACLPolicy == "deny" && !c.tokens.configured():
		if err := c.anonymous(ctx); err != nil {
			return nil, 0, err
		}
	}
	if meta.LastIndex < index {
		return tags, 0, nil // the servers were restored: start over
	}
	return tags, max(meta.LastIndex, 1), nil
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
