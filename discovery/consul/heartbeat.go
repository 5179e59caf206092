package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery"
)

// heartbeatTimeout is how long the agent may take to say who leads.
const heartbeatTimeout = 5 * time.Second

// heartbeat asks who leads until ctx ends. When the agent cannot tell, the
// waiting queries are cut: their watches report why, ask again by themselves and
// meet what is wrong first hand.
func (c *Client) heartbeat(ctx context.Context, stopped chan<- struct{}) {
	defer close(stopped)
	for discovery.Pause(ctx, discovery.Jitter(c.options.Heartbeat)) {
		err := c.beat(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		c.mu.Lock()
		c.endRound(err)
		c.mu.Unlock()
		c.transport.base.CloseIdleConnections()
	}
}

// beat asks outside the gate, over at most one connection of its own. A refusal
// (429 when connections are short, 403) is a sign of life.
func (c *Client) beat(ctx context.Context) error {
	timeout := fmt.Errorf("no answer from %s within %s", c.target, heartbeatTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, heartbeatTimeout, timeout)
	defer cancel()
	var leader string
	_, err := c.api.Raw().Query("/v1/status/leader", &leader, (&api.QueryOptions{}).WithContext(ctx))
	var status api.StatusError
	switch {
	case errors.As(err, &status) && status.Code < http.StatusInternalServerError:
		return nil
	case err != nil:
		return c.explain(ctx, err)
	case leader == "":
		return errNoLeader
	default:
		return nil
	}
}
