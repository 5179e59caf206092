package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery"
)

var (
	errNoLeader = errors.New("the agent knows no cluster leader")
	errFiltered = fmt.Errorf("instances were filtered out of the answer: %w", discovery.ErrDenied)
	errNoToken  = fmt.Errorf("the answer is empty, the agent denies by default and no token is set: %w", discovery.ErrDenied)
)

// explain turns what a failed request says into one sentence without the URL.
func (c *Client) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var status api.StatusError
	if errors.As(err, &status) {
		return explainStatus(status)
	}
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return fmt.Errorf("answer of %s: %w", c.target, err)
}

func explainStatus(status api.StatusError) error {
	switch {
	case status.Code == http.StatusForbidden || status.Code == http.StatusUnauthorized:
		return fmt.Errorf("%s: %w", status.Body, discovery.ErrDenied)
	case strings.Contains(status.Body, "No cluster leader"):
		return errNoLeader
	default:
		return fmt.Errorf("status %d: %s", status.Code, status.Body)
	}
}
