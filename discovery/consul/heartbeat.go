package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery"
)

// heartbeatTimeout is how long the agent may take to say who leads.
const heartbeatTimeout = 5 * time.Second

// heartbeat asks who leads, and whether our token still exists, until ctx ends.
// When the agent cannot tell who leads, or the token is gone, the waiting queries
// are cut: their watches report why, ask again by themselves and meet what is
// wrong first hand.
func (c *Client) heartbeat(ctx context.Context, stopped chan<- struct{}) {
	defer close(stopped)
	for discovery.Pause(ctx, discovery.Jitter(c.options.Heartbeat)) {
		err := c.beat(ctx)
		if err == nil {
			err = c.tokenGone(ctx)
		}
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

// tokenGone reports that Consul no longer knows our token. It ends the streams of
// a token that is deleted, but one that was just being opened lives on and brings
// news as if nothing had happened (Consul 1.19, Subscribe in
// agent/grpc-internal/services/subscribe). A server that does not know the token
// may only lag behind, so the leader has the last word. Any other answer says
// nothing: ACLs may be off, or a proxy may let through only what watches need.
func (c *Client) tokenGone(ctx context.Context) error {
	if !c.tokens.configured() {
		return nil
	}
	for _, o := range []*api.QueryOptions{{AllowStale: true}, {RequireConsistent: true}} {
		if err := c.askSelf(ctx, o); !errors.Is(err, errTokenGone) {
			return nil
		}
	}
	return errTokenGone
}

func (c *Client) askSelf(ctx context.Context, o *api.QueryOptions) error {
	ctx, cancel := context.WithTimeout(ctx, heartbeatTimeout)
	defer cancel()
	var self struct{}
	_, err := c.api.Raw().Query("/v1/acl/token/self", &self, o.WithContext(ctx))
	var status api.StatusError
	if errors.As(err, &status) && (strings.Contains(status.Body, "ACL not found") || strings.Contains(status.Body, "token does not exist")) {
		return errTokenGone
	}
	return err
}
