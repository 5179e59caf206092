package consul

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery"
)

var (
	errNoLeader  = errors.New("the agent knows no cluster leader")
	errFiltered  = fmt.Errorf("instances were filtered out of the answer: %w", discovery.ErrDenied)
	errTokenGone = fmt.Errorf("ACL not found: %w", discovery.ErrDenied)
	errNoToken   = fmt.Errorf("the answer is empty, the agent denies by default and no token is set: %w", discovery.ErrDenied)
)

// explain turns what a failed request says into one sentence, without the URL
// and without ports of ours, which differ from try to try.
func (c *Client) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var (
		status  api.StatusError
		call    *os.SyscallError
		request *url.Error
	)
	switch {
	case errors.As(err, &status):
		return explainStatus(status)
	case errors.As(err, &call):
		return fmt.Errorf("%s: %w", c.target, call.Err)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: the connection was closed", c.target)
	case errors.As(err, &request):
		return fmt.Errorf("%s: %w", c.target, request.Err)
	default:
		return fmt.Errorf("%s: %w", c.target, err)
	}
}

func explainStatus(status api.StatusError) error {
	switch {
	case status.Code == http.StatusForbidden || status.Code == http.StatusUnauthorized:
		return fmt.Errorf("%s: %w", status.Body, discovery.ErrDenied)
	case strings.Contains(status.Body, "No cluster leader"):
		return errNoLeader
	case status.Code == http.StatusTooManyRequests:
		return fmt.Errorf("%s (the agent's limits.http_max_conns_per_client counts all that ask from this address)", strings.TrimSpace(status.Body))
	default:
		return fmt.Errorf("status %d: %s", status.Code, status.Body)
	}
}
