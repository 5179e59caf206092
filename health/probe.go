package health

import (
	"context"
	"fmt"
)

// Probe asks one endpoint how it is.
type Probe interface {
	// Probe returns nil when the endpoint at address ("ip:port", "[ip6]:port",
	// "name:port" or "unix:/path") is well, and otherwise an error whose text
	// names what was wrong ("answered 503, expected 200-399"), without the
	// address, so that the same trouble always reads the same. It blocks until
	// then, for no longer than the check's two time-outs together or until ctx
	// ends, and leaves no connection and no goroutine behind. A Monitor calls it
	// from many goroutines at once, for one address from one at a time.
	Probe(ctx context.Context, address string) error
}

// NewProbe returns the probe of the check's scheme. It opens no connection.
func NewProbe(check Check) (Probe, error) {
	check = check.withDefaults()
	switch check.Scheme {
	case "tcp":
		return &tcpProbe{dial: newDialer(check, false)}, nil
	case "http", "https":
		return newHTTPProbe(check)
	case "grpc":
		return newGRPCProbe(check), nil
	}
	return nil, fmt.Errorf("no health check has the scheme %q (want http, https, tcp or grpc)", check.Scheme)
}

// tcpProbe passes when a connection can be made.
type tcpProbe struct{ dial *dialer }

func (p *tcpProbe) Probe(ctx context.Context, address string) error {
	conn, err := p.dial.connect(ctx, address)
	if err != nil {
		return err
	}
	conn.Close()
	return nil
}
