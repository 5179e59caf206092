package consul

import (
	"context"
	"errors"

	"pingap-go/discovery"
)

// anonymous looks into an empty answer that we got without a token from an agent
// that denies by default. If the agent lends us a token of its own
// (acl.tokens.default), or the anonymous token has rights, the answer stands.
// Otherwise Consul has hidden everything without saying so.
func (c *Client) anonymous(ctx context.Context) error {
	var self struct {
		Policies, Roles []struct{ ID string }
	}
	_, err := c.ask(ctx, question{path: "/v1/acl/token/self"}, &self)
	switch {
	case errors.Is(err, discovery.ErrDenied):
		return errNoToken
	case err != nil:
		return err
	case len(self.Policies) == 0 && len(self.Roles) == 0:
		return errNoToken
	default:
		return nil
	}
}

// catalogPath lists the instances of a service whatever their health.
func catalogPath(service string) string { return "/v1/catalog/service/" + service }
