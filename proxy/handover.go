package proxy

import (
	"net"
	"time"
)

// Release gives up an address without closing it, so that another server can
// Adopt it: clients at its door wait there, and none is turned away. It is nil
// where the address is not bound here. Connections that were accepted stay.
func (s *Server) Release(addr string) net.Listener {
	s.mu.Lock()
	l := s.listeners[addr]
	delete(s.listeners, addr)
	s.mu.Unlock()
	if l == nil {
		return nil
	}
	if wakes, ok := l.Listener.(waker); ok && l.accepting {
		l.passesOn = true
		l.stop(wakes)
		_ = wakes.SetDeadline(time.Time{}) // fails only on a closed one
	}
	return l.Listener
}

// Adopt takes over an address that another server has released. Serve has it
// accepted on.
func (s *Server) Adopt(addr string, l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[addr] = newListener(l)
}
