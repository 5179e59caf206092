package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Rules say how the connections of a host are kept. The zero value is HTTP/2 and
// no bounds.
type Rules struct {
	// Fallback allows the host to choose HTTP/1.1 in the TLS handshake. Without
	// it that is an error.
	Fallback bool
	// Requests is how many requests one connection may carry; 0 = no bound.
	Requests int
}

// Dial opens a connection to the host, with TLS and ALPN where the pool has them,
// within the time given (0 = no bound). Its error is a net.Error that says Timeout
// when that was too short.
type Dial func(ctx context.Context, within time.Duration) (net.Conn, error)

// Group holds the connections of one host. Its methods may be called from any
// goroutine.
type Group struct {
	transport *http.Transport
	rules     Rules

	mu       sync.Mutex
	conns    []*shared
	dialling *dialling // nil while nobody dials
	one      bool      // the host has chosen HTTP/1.1
	gone     bool
}

// dialling is a dial under way, for those who wait for it.
type dialling struct {
	done chan struct{}
	err  error // read it after done
}

// NewGroup makes a group without connections.
func NewGroup(t *http.Transport, rules Rules) *Group { return &Group{transport: t, rules: rules} }

// errNotSpoken is why a host cannot be used with alpn = "h2".
var errNotSpoken = errors.New("the host does not speak HTTP/2")

// Join returns a slot on a kept connection, or on a new one. When the host
// chooses HTTP/1.1 it returns the connection that was dialled for it; once that
// is known it returns nothing at all, and the caller goes by HTTP/1.1. within is
// how long it may take, be it to dial or to wait for who does; 0 = no bound.
func (g *Group) Join(ctx context.Context, within time.Duration, dial Dial) (*Conn, net.Conn, error) {
	c, wait, known := g.reserve()
	switch {
	case c != nil || known:
		return c, nil, nil
	case wait == nil:
		return g.open(ctx, within, dial)
	}
	return g.await(ctx, wait, within, dial)
}

// await waits for who dials. What ended that dial early, because its own request
// left or had less time, is no answer to this one, which then dials itself.
func (g *Group) await(ctx context.Context, wait *dialling, within time.Duration, dial Dial) (*Conn, net.Conn, error) {
	began := time.Now()
	late, stop := alarm(within)
	defer stop()
	for {
		select {
		case <-wait.done:
		case <-late:
			return nil, nil, errLate
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
		if wait.err != nil && !errors.Is(wait.err, context.Canceled) && !timedOut(wait.err) {
			return nil, nil, wait.err
		}
		var c *Conn
		var known bool
		switch c, wait, known = g.reserve(); {
		case c != nil || known:
			return c, nil, nil
		case wait == nil && within == 0:
			return g.open(ctx, 0, dial)
		case wait == nil:
			return g.open(ctx, max(within-time.Since(began), time.Millisecond), dial)
		}
	}
}

// errLate is why a Join ends that has waited for others for too long.
var errLate = fmt.Errorf("no connection yet: %w", os.ErrDeadlineExceeded)

// alarm rings after d, and never when that is 0.
func alarm(d time.Duration) (<-chan time.Time, func() bool) {
	if d <= 0 {
		return nil, func() bool { return true }
	}
	t := time.NewTimer(d)
	return t.C, t.Stop
}

func timedOut(err error) bool {
	var late net.Error
	return errors.As(err, &late) && late.Timeout()
}

// reserve finds a free slot. If there is none the caller must wait for the dial
// under way, or, when there is none either, has to dial: from then on others
// wait for it. one says that the host speaks HTTP/1.1.
func (g *Group) reserve() (c *Conn, wait *dialling, one bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.one {
		return nil, nil, true
	}
	for _, s := range g.conns {
		if !s.retired && s.client.Reserve() == nil {
			return g.take(s, false), nil, false
		}
	}
	if g.dialling != nil {
		return nil, g.dialling, false
	}
	g.dialling = &dialling{done: make(chan struct{})}
	return nil, nil, false
}

// open dials, tells those who wait how it went, and takes the first slot.
func (g *Group) open(ctx context.Context, within time.Duration, dial Dial) (*Conn, net.Conn, error) {
	nc, err := dial(ctx, within)
	var client *http.ClientConn
	two := err == nil && speaksTwo(nc)
	switch {
	case err != nil:
	case two:
		client, err = g.start(ctx, nc)
	case !g.rules.Fallback:
		err = errors.Join(errNotSpoken, nc.Close())
	}
	if err == nil && two {
		err = client.Reserve()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dialling.err = err
	close(g.dialling.done)
	g.dialling = nil
	switch {
	case err != nil:
		return nil, nil, err
	case !two:
		g.one = true
		return nil, nc, nil
	}
	s := &shared{client: client, since: time.Now(), retired: g.gone}
	g.conns = append(g.conns, s)
	return g.take(s, true), nil, nil
}

// speaksTwo reports whether nc is to be used with HTTP/2: ALPN chose it, or there
// was no ALPN and it is prior knowledge (RFC 9113 section 3.3).
func speaksTwo(nc net.Conn) bool {
	tc, ok := nc.(*tls.Conn)
	return !ok || tc.ConnectionState().NegotiatedProtocol == "h2"
}

// start begins HTTP/2 on a connection.
func (g *Group) start(ctx context.Context, nc net.Conn) (*http.ClientConn, error) {
	scheme := "http"
	if _, ok := nc.(*tls.Conn); ok {
		scheme = "https"
	}
	// The address is not looked at: the connection is there already.
	client, err := g.transport.NewClientConn(context.WithValue(ctx, dialled{}, nc), scheme, "host:0")
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return client, nil
}

// take counts a slot in whose stream is reserved.
func (g *Group) take(s *shared, fresh bool) *Conn {
	s.slots++
	s.uses++
	if g.rules.Requests > 0 && s.uses >= g.rules.Requests {
		s.retired = true
	}
	return &Conn{group: g, shared: s, fresh: fresh}
}
