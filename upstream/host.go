package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"pingap-go/balance"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream/session"
)

// Host is the run-time state of one endpoint inside a pool. It lives as long as
// the registry lists the endpoint's ID, whatever happens to address, tags,
// weight or the other endpoints.
type Host struct {
	settings *Options
	load     balance.Load
	evidence health.Evidence
	idle     idleConns
	sessions *session.Group // nil with HTTP/1.1
	conns    atomic.Int64   // open connections
	gone     atomic.Bool    // no connection is kept any more
	requests atomic.Int64
	failures atomic.Int64
	address  atomic.Pointer[string]
	metrics  *metrics.Endpoint
	token    string

	// Owned by the pool's goroutine.
	endpoint endpoint.Endpoint
	probe    health.Result
	probed   bool // a probe result has come
	verdict  health.Verdict
	reason   string
	passive  string // what evidence has led to, while it stands
	since    time.Time
	warmFrom time.Time // when slow start began; zero: fully warm
}

func newHost(s *Options, e endpoint.Endpoint) *Host {
	h := &Host{settings: s}
	if s.Sticky {
		h.token = balance.Token(s.Name, e.ID)
	}
	if s.Protocol != HTTP1 {
		h.sessions = newSessions(s)
	}
	h.metrics = s.Metrics.Endpoint(e.Name)
	h.describe(e)
	return h
}

// describe takes over what the registry says of the endpoint now. A new address
// makes the kept connections useless.
func (h *Host) describe(e endpoint.Endpoint) {
	moved := h.endpoint.Address != "" && h.endpoint.Address != e.Address
	h.endpoint = e
	h.address.Store(&e.Address)
	if moved {
		h.idle.each(func(*Conn) bool { return true })
		if h.sessions != nil {
			h.sessions.Retire()
		}
	}
}

// take returns a kept connection that is still good, or nil. check looks at the
// socket even if the connection was busy a moment ago.
func (h *Host) take(check bool) *Conn {
	now := h.settings.Watchdog.Now()
	for {
		c := h.idle.take()
		if c == nil {
			return nil
		}
		if c.expired(now) {
			c.Close()
			continue
		}
		if check || c.doubt || now-c.since > peekAfter {
			c.doubt = false
			if closed, readable := c.Gone(); closed || readable {
				c.Close()
				continue
			}
		}
		c.Resume()
		return c
	}
}

// peekAfter is for how many milliseconds a kept connection is trusted without a
// look at its socket.
const peekAfter = 1000

// dial opens a new connection for HTTP/1.1 within the time given.
func (h *Host) dial(ctx context.Context, within time.Duration) (*Conn, error) {
	nc, err := h.connect(ctx, within, h.settings.Protocol.alone()...)
	if err != nil {
		return nil, err
	}
	return h.wrap(nc), nil
}

// wrap makes nc a connection for one request at a time.
func (h *Host) wrap(nc net.Conn) *Conn {
	c := &Conn{host: h}
	c.Init(nc, h.settings.Watchdog)
	h.conns.Add(1)
	return c
}

// connect opens a connection and offers the protocols given by ALPN.
func (h *Host) connect(ctx context.Context, within time.Duration, protocols ...string) (net.Conn, error) {
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	address := *h.address.Load()
	nc, err := dialAddress(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if h.settings.TLS == nil {
		return nc, nil
	}
	return handshake(ctx, nc, h.settings.TLS, address, protocols)
}

func dialAddress(ctx context.Context, address string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second}}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return d.DialContext(ctx, "unix", path)
	}
	return d.DialContext(ctx, "tcp", address)
}

// handshake makes a TLS connection of nc. The name that is checked is the
// upstream's sni, or else the host part of the address.
func handshake(ctx context.Context, nc net.Conn, config *tls.Config, address string, protocols []string) (net.Conn, error) {
	if config.ServerName == "" || len(protocols) > 0 {
		config = config.Clone()
		config.NextProtos = protocols
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	tc := tls.Client(nc, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS handshake: %w", err), nc.Close())
	}
	return tc, nil
}

// close lets go of everything once the last lease has ended.
func (h *Host) close() {
	h.gone.Store(true)
	h.idle.each(func(*Conn) bool { return true })
	if h.sessions != nil {
		h.sessions.Close()
	}
	h.metrics.Release()
}

// ID is the endpoint's identity. Only the pool's goroutine may call it.
func (h *Host) id() string { return h.endpoint.ID }
