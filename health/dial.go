package health

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// dialer makes one fresh connection for each probe. Kept connections would be
// cheaper, but a probe over one says nothing about whether a client that comes
// now is let in.
type dialer struct {
	host           string      // name of the endpoint; empty: from its address
	tls            *tls.Config // nil: plain
	connectTimeout time.Duration
	readTimeout    time.Duration
}

func newDialer(check Check, secure bool, protocols ...string) *dialer {
	d := &dialer{host: check.Host, connectTimeout: check.ConnectTimeout, readTimeout: check.ReadTimeout}
	if secure {
		d.tls = &tls.Config{}
		if check.TLSConfig != nil {
			d.tls = check.TLSConfig.Clone()
		}
		d.tls.NextProtos = protocols
	}
	return d
}

// connect dials address and, where the check wants it, makes the TLS handshake,
// both within the connect time-out. What is read from the connection afterwards
// has to come within the read time-out.
func (d *dialer) connect(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.connectTimeout)
	defer cancel()
	var plain net.Dialer
	network, where := split(address)
	conn, err := plain.DialContext(ctx, network, where)
	if err != nil {
		return nil, d.explain(ctx, "no connection within", d.connectTimeout, err)
	}
	if d.tls != nil {
		secure := tls.Client(conn, d.tlsConfig(address))
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, d.explain(ctx, "no TLS handshake within", d.connectTimeout, err)
		}
		conn = secure
	}
	conn.SetDeadline(time.Now().Add(d.readTimeout))
	return conn, nil
}

func (d *dialer) tlsConfig(address string) *tls.Config {
	if d.tls.ServerName != "" {
		return d.tls
	}
	config := d.tls.Clone()
	config.ServerName = hostname(d.authority(address))
	return config
}

// authority is what the endpoint at address is called in a Host header.
func (d *dialer) authority(address string) string {
	if strings.HasPrefix(address, "unix:") {
		address = "localhost"
	}
	return cmp.Or(d.host, address)
}

// explain turns err into a short sentence without addresses, whose cause stays
// within reach of errors.Is and errors.As.
func (d *dialer) explain(ctx context.Context, late string, limit time.Duration, err error) error {
	var operation *net.OpError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("probe was called off: %w", context.Canceled)
	case ctx.Err() != nil || isTimeout(err):
		return &lateError{text: late + " " + limit.String(), cause: err}
	case errors.As(err, &operation) && operation.Err != nil:
		err = operation.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

// Ours reports whether a connect has failed because this process, or this machine, has
// no descriptors left. That says nothing about the other end.
func Ours(err error) bool { return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) }

// isTimeout also knows os.ErrDeadlineExceeded and context.DeadlineExceeded.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// lateError hides the text of its cause: "i/o timeout" adds nothing to it.
type lateError struct {
	text  string
	cause error
}

func (e *lateError) Error() string { return e.text }
func (e *lateError) Unwrap() error { return e.cause }

func split(address string) (network, where string) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix", path
	}
	return "tcp", address
}

func hostname(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}
