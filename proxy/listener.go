package proxy

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"pingap-go/internal/wire"
)

// listener is a bound address; it accepts once Serve has been called.
type listener struct {
	net.Listener
	accepting bool
	passesOn  bool          // ends without being closed; set before ending is
	ending    chan struct{} // closed when it is to end
	done      chan struct{} // closed when accept has returned
}

// waker is a listener whose Accept can be woken.
type waker interface{ SetDeadline(time.Time) error }

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

// stop has accept return, and waits until it has.
func (l *listener) stop(wakes waker) {
	close(l.ending)
	_ = wakes.SetDeadline(time.Unix(1, 0)) // fails only on a closed one, whose accept has returned
	<-l.done
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

// accept takes connections until its listener is to end, and closes it unless it
// passes on to another server.
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
			if !l.passesOn {
				s.startAll(lastCall(l.Listener))
			}
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
