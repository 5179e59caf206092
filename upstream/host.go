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
)

// Host is the run-time state of one endpoint inside a pool. It lives as long as
// the registry lists the endpoint's ID, whatever happens to address, tags,
// weight or the other endpoints, and moves to the pool that takes its pool's
// place at a reload.
type Host struct {
	load     balance.Load
	evidence health.Evidence
	link     atomic.Pointer[link]
	idle     idleConns
	conns    atomic.Int64 // open connections
	requests atomic.Int64
	failures atomic.Int64
	metrics  *metrics.Endpoint

	// Owned by the pool's goroutine.
	endpoint endpoint.Endpoint
	probe    health.Result
	probed   bool // a probe result has come
	verdict  health.Verdict
	reason   string
	passive  string // what evidence has led to, while it stands
	since    time.Time
	warmFrom time.Time // when slow start began; zero: fully warm
	touched  bool      // something was learned that may change the verdict
}

// link is how a host is reached. It is immutable; a change makes another one.
type link struct {
	// serial tells links apart whose connections must not be mixed.
	serial  uint64
	address string
	token   string // what a sticky cookie holds; "" = not sticky
	gone    bool   // no connection is kept any more
	options *Options
}

func newHost(o *Options, e endpoint.Endpoint) *Host {
	h := &Host{metrics: o.Metrics.Endpoint(e.Name)}
	h.endpoint.ID = e.ID
	h.relink(o, e.Address, true)
	h.describe(e)
	return h
}

// describe takes over what the registry says of the endpoint now. At a new
// address kept connections and what a probe has found are worth nothing.
func (h *Host) describe(e endpoint.Endpoint) {
	h.endpoint, h.touched = e, true
	if l := h.link.Load(); l.address != e.Address {
		h.probe, h.probed = health.Result{}, false
		h.relink(l.options, e.Address, true)
	}
}

// relink changes how the host is reached. fresh says that connections made
// before must not serve any more.
func (h *Host) relink(o *Options, address string, fresh bool) {
	next := &link{address: address, options: o}
	if o.Sticky {
		next.token = balance.Token(o.Name, h.id())
	}
	if l := h.link.Load(); l != nil {
		next.serial = l.serial
	}
	if fresh {
		next.serial++
	}
	h.link.Store(next)
	h.dropStale()
}

// dropStale closes the kept connections that an older link has made.
func (h *Host) dropStale() {
	serial := h.link.Load().serial
	h.idle.closeIf(func(c *Conn) bool { return c.serial != serial })
}

// dropIdle closes the kept connections that have been idle for too long.
func (h *Host) dropIdle() {
	o := h.link.Load().options
	if o.IdleTimeout <= 0 {
		return
	}
	oldest := o.Watchdog.Now() - o.IdleTimeout.Milliseconds()
	h.idle.closeIf(func(c *Conn) bool { return c.since.Load() < oldest })
}

// take returns a kept connection that is still good, or nil. check looks at the
// socket even if the connection was busy a moment ago.
func (h *Host) take(check bool) *Conn {
	for {
		c := h.idle.take()
		if c == nil {
			return nil
		}
		if h.good(c, check) {
			c.Resume()
			return c
		}
		c.Close()
	}
}

// peekAfter is for how many milliseconds a kept connection is trusted without a
// look at its socket.
const peekAfter = 1000

// good reports whether a kept connection may serve once more.
func (h *Host) good(c *Conn, check bool) bool {
	l := h.link.Load()
	o := l.options
	idle := o.Watchdog.Now() - c.since.Load()
	if c.serial != l.serial || o.IdleTimeout > 0 && idle > o.IdleTimeout.Milliseconds() {
		return false
	}
	if !check && idle <= peekAfter {
		return true
	}
	closed, readable := c.Gone()
	return !closed && !readable
}

// dial opens a new connection within the time given.
func (h *Host) dial(ctx context.Context, within time.Duration) (*Conn, error) {
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	l := h.link.Load()
	nc, err := dialAddress(ctx, l.address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if l.options.TLS != nil {
		nc, err = handshake(ctx, nc, l.options.TLS, l.address)
		if err != nil {
			return nil, err
		}
	}
	c := &Conn{host: h, serial: l.serial}
	c.Init(nc, l.options.Watchdog)
	h.conns.Add(1)
	return c, nil
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
func handshake(ctx context.Context, nc net.Conn, config *tls.Config, address string) (net.Conn, error) {
	if config.ServerName == "" {
		config = config.Clone()
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
	last := *h.link.Load()
	last.serial++
	last.gone = true
	h.link.Store(&last)
	h.dropStale()
	h.metrics.Release()
}

// id is the endpoint's identity. Only the pool's goroutine may call it.
func (h *Host) id() string { return h.endpoint.ID }
