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
	"pingap-go/internal/loop"
	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream/session"
)

// Host is the run-time state of one endpoint inside a pool. It lives as long as
// the registry lists the endpoint's ID, whatever happens to address, tags,
// weight or the other endpoints, and moves to the pool that takes its pool's
// place at a reload.
type Host struct {
	// What every request touches stands first, together: with hundreds of hosts it is
	// memory that decides.
	load     balance.Load
	requests atomic.Int64
	metrics  *metrics.Endpoint
	link     atomic.Pointer[link]
	evidence health.Evidence
	idle     idleShards
	conns    atomic.Int64 // open connections
	failures atomic.Int64
	// complained bounds the log's lines about tries.
	complained mono.Seldom

	// Owned by the pool's goroutine.
	endpoint *endpoint.Endpoint // in the pool's snapshot
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
	serial   uint64
	address  string
	token    string // what a sticky cookie holds; "" = not sticky
	gone     bool   // no connection is kept any more
	options  *Options
	sessions *session.Group // nil with HTTP/1.1
}

func newHost(o *Options, e *endpoint.Endpoint) *Host {
	h := &Host{metrics: o.Metrics.Endpoint(e.Name)}
	h.link.Store(newLink(o, e))
	h.describe(e)
	return h
}

func newLink(o *Options, e *endpoint.Endpoint) *link {
	l := &link{address: e.Address, options: o}
	if o.Sticky {
		l.token = balance.Token(o.Name, e.ID)
	}
	if o.Protocol != HTTP1 {
		l.sessions = newSessions(o)
	}
	return l
}

// describe takes over what the registry says of the endpoint now. At a new
// address kept connections and what a probe has found are worth nothing.
func (h *Host) describe(e *endpoint.Endpoint) {
	h.endpoint, h.touched = e, true
	next := *h.link.Load()
	if next.address == e.Address {
		return
	}
	h.probe, h.probed = health.Result{}, false
	next.address = e.Address
	next.serial++
	h.relink(&next)
	if next.sessions != nil {
		next.sessions.Retire()
	}
}

// join makes the host one of the pool with these options. same says that it is
// still reached in the same way, so that its connections go on.
func (h *Host) join(o *Options, same bool) {
	last, next := h.link.Load(), newLink(o, h.endpoint)
	next.serial = last.serial
	if same {
		next.sessions = last.sessions
	} else {
		next.serial++
	}
	h.relink(next)
	if last.sessions != nil && !same {
		last.sessions.Close()
	}
}

// relink puts another link in force and closes the kept connections that it
// makes useless.
func (h *Host) relink(l *link) {
	h.link.Store(l)
	h.dropStale()
}

// dropStale closes the kept connections that an older link has made.
func (h *Host) dropStale() {
	serial := h.link.Load().serial
	h.idle.closeIf(func(c *Conn) bool { return c.serial != serial })
}

// dropIdle closes the kept connections that have been idle for too long.
func (h *Host) dropIdle() {
	l := h.link.Load()
	now, limit := l.options.Watchdog.Now(), l.options.IdleTimeout.Milliseconds()
	h.idle.closeIf(func(c *Conn) bool { return c.expired(now, limit) })
	if l.sessions != nil {
		l.sessions.Sweep(l.options.IdleTimeout)
	}
}

// take returns a kept connection that is still good at the monotonic time now, or
// nil. check looks at the socket even if the connection was busy a moment ago.
func (h *Host) take(now int64, check bool, on *loop.Loop) *Conn {
	for {
		c := h.idle.take(on)
		if c == nil {
			return nil
		}
		if (on == nil || c.On(on)) && h.good(c, now, check) {
			c.Resume()
			return c
		}
		c.Close()
	}
}

// trusted is for how long after the beginning of its last answer a kept connection
// is taken without a look at its socket, unless its loop has seen something come. What
// the look finds is an end, which a request that may be sent twice survives, or bytes
// that nobody has asked for, which would pass for the next answer. It costs a system
// call, 5% or more of a small request: so it is left out for as long as a busy
// connection rests between two requests at full load. A loop hears of idle connections
// when it comes round to them; nginx is not aware of such bytes any earlier then. TLS
// is never trusted: it may have read more than it has given out.
const trusted = 10 * time.Millisecond

// good reports whether a kept connection may serve once more.
func (h *Host) good(c *Conn, now int64, check bool) bool {
	c.heed(h.link.Load())
	if c.stale || c.expired(c.options.Watchdog.Now(), c.options.IdleTimeout.Milliseconds()) {
		return false
	}
	if !check && !c.doubt && now-c.answered <= int64(trusted) && !c.Touched() {
		return true
	}
	c.doubt = false
	return c.Quiet()
}

// dial opens a new connection for HTTP/1.1 within the time given. Loop on watches it
// then, if it can.
func (h *Host) dial(ctx context.Context, within time.Duration, on *loop.Loop) (*Conn, error) {
	l := h.link.Load()
	nc, err := l.connect(ctx, within, l.options.Protocol.alone()...)
	if err != nil {
		return nil, err
	}
	return h.wrap(nc, l, on), nil
}

// wrap makes nc, which the link has made, a connection for one request at a time, which
// loop on watches if it can.
func (h *Host) wrap(nc net.Conn, l *link, on *loop.Loop) *Conn {
	c := &Conn{host: h, serial: l.serial}
	c.heed(l)
	c.Init(wire.Looped(nc, on), l.options.Watchdog)
	h.conns.Add(1)
	return c
}

// connect opens a connection and offers the protocols given by ALPN.
func (l *link) connect(ctx context.Context, within time.Duration, protocols ...string) (net.Conn, error) {
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	nc, err := dialAddress(ctx, l.address)
	if err != nil {
		return nil, &unreachedError{fmt.Errorf("connect: %w", err)}
	}
	if l.options.TLS == nil {
		return nc, nil
	}
	return handshake(ctx, nc, l.options.TLS, l.address, protocols)
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
	tc := tls.Client(wire.Base(nc), config)
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
	h.relink(&last)
	if last.sessions != nil {
		last.sessions.Close()
	}
	h.metrics.Release()
}

// id is the endpoint's identity. Only the pool's goroutine may call it.
func (h *Host) id() string { return h.endpoint.ID }
