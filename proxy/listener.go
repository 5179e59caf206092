package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"pingap-go/internal/wire"
)

// listener is a bound address; it accepts once Serve has been called.
type listener struct {
	net.Listener
	accepting bool
	ending    chan struct{} // closed when it is to end
	done      chan struct{} // closed when accept has returned
}

func newListener(l net.Listener) *listener {
	return &listener{Listener: l, ending: make(chan struct{}), done: make(chan struct{})}
}

// ends reports whether the listener is to end.
func (l *listener) ends() bool {
	select {
	case <-l.ending:
		return true
	default:
		return false
	}
}

// rest waits for d, or until the listener is to end. That its server drains is no
// reason to hurry: who cannot accept would try without end.
func (l *listener) rest(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.ending:
	}
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second}}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		if err := removeDeadSocket(path); err != nil {
			return nil, err
		}
		return lc.Listen(ctx, "unix", path)
	}
	return lc.Listen(ctx, network(addr), addr)
}

// network is what an address is listened on at: a literal address by its own
// version of IP only, so that "0.0.0.0:80" and "[::]:80" can stand side by side
// as in nginx; ":80" and names by both.
func network(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	switch {
	case err != nil:
		return "tcp"
	case ap.Addr().Is4():
		return "tcp4"
	}
	return "tcp6"
}

// removeDeadSocket removes a unix socket that nobody listens on any more.
func removeDeadSocket(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // nothing there, or not ours to remove: listen says what is wrong
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return fmt.Errorf("listen unix %s: somebody already listens there", path)
	}
	return os.Remove(path)
}

// accept takes connections until its listener is to end, and closes it.
func (s *Server) accept(l *listener) {
	defer close(l.done)
	failing := false
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			failing = false
			s.start(nc)
		case l.ends():
			s.startAll(lastCall(l.Listener))
			return
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, most likely: give it time
			if !failing {
				s.log.Warn("accept failed", "server", s.name, "err", err)
			}
			failing = true
			l.rest(acceptPause)
		}
	}
}

// acceptPause is how long a listener rests that cannot accept.
const acceptPause = 50 * time.Millisecond

// start serves a new connection, on a loop or on a goroutine of its own.
func (s *Server) start(nc net.Conn) {
	site := s.site.Load()
	if n := s.open.Add(1); site.Limits.MaxConnections > 0 && n > site.Limits.MaxConnections {
		s.open.Add(-1)
		nc.Close()
		return
	}
	if site.TLS != nil {
		nc = tls.Server(wire.Base(nc), site.TLS)
	}
	if site.Relay != nil {
		s.relay(site.Relay, nc)
		return
	}
	if site.TLS == nil {
		nc = wire.Looped(nc, s.loops.Least())
	}
	c := newConn(s, nc)
	s.add(c)
	switch l := c.Loop(); {
	case l != nil:
		l.Start(c)
	case c.secure != nil:
		go c.greet()
	default:
		go c.serve()
	}
}
