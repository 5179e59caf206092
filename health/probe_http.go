package health

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const (
	maxProbeHead = 64 << 10 // bytes of head a probe reads before it gives up
	maxProbeBody = 64 << 10 // bytes of body in which Check.Body is looked for
)

// httpProbe passes when a GET is answered with an expected status and, if the
// check names one, an expected text. It follows no redirect: a 302 to a login
// page of another host says nothing about this one.
type httpProbe struct {
	dial   *dialer
	target *url.URL
	status StatusRanges
	body   string
}

func newHTTPProbe(check Check) (*httpProbe, error) {
	if !strings.HasPrefix(check.Path, "/") {
		return nil, fmt.Errorf("health check path %q must begin with /", check.Path)
	}
	target, err := url.ParseRequestURI(check.Path)
	if err != nil {
		return nil, fmt.Errorf("health check path %q is not a URL path: %w", check.Path, err)
	}
	return &httpProbe{
		dial:   newDialer(check, check.Scheme == "https", "http/1.1"),
		target: target,
		status: check.Status,
		body:   check.Body,
	}, nil
}

func (p *httpProbe) Probe(ctx context.Context, address string) error {
	conn, err := p.dial.connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := p.ask(conn, p.dial.authority(address)); err != nil {
		return p.dial.explain(ctx, "no answer within", p.dial.readTimeout, err)
	}
	return nil
}

// ask makes one exchange and judges the answer.
func (p *httpProbe) ask(conn net.Conn, host string) error {
	request := &http.Request{
		Method: http.MethodGet,
		URL:    p.target,
		Host:   host,
		Header: http.Header{"User-Agent": {"pingap-health"}},
		Close:  true,
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	response, err := readResponse(conn, request)
	if err != nil {
		return err
	}
	if !p.status.Contains(response.StatusCode) {
		return fmt.Errorf("answered %d, expected %s", response.StatusCode, p.status)
	}
	if p.body == "" {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxProbeBody))
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), p.body) {
		return fmt.Errorf("answer does not contain %q", p.body)
	}
	return nil
}

// readResponse reads the final response, past any 1xx before it. Heads and the
// body that follows are bounded together.
func readResponse(conn net.Conn, request *http.Request) (*http.Response, error) {
	reader := bufio.NewReader(io.LimitReader(conn, maxProbeHead+2*maxProbeBody))
	for {
		response, err := http.ReadResponse(reader, request)
		switch {
		case err == io.ErrUnexpectedEOF || err == io.EOF:
			return nil, fmt.Errorf("connection closed before an answer: %w", err)
		case err != nil:
			return nil, err
		case response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols:
			return response, nil
		}
	}
}
