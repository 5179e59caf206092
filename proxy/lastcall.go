package proxy

import (
	"net"
	"os"
	"syscall"
	"time"
)

// endAll closes listeners that retain has given up. It must not hold s.mu.
func (s *Server) endAll(closing []*listener) {
	for _, l := range closing {
		s.end(l)
	}
}

// end closes a listener. One that accepts is closed by the goroutine that does:
// while that waited inside Accept, the system would not let go of the door.
func (s *Server) end(l *listener) {
	wakes, ok := l.Listener.(waker)
	if !l.accepting || !ok {
		s.startAll(lastCall(l.Listener))
		return
	}
	l.stop(wakes)
}

// lastCallMost bounds what a closing listener still lets in: its queue's length
// by the system's default.
const lastCallMost = 4096

// handshake is how long those who were at the door when it was barred have to
// come in.
const handshake = 10 * time.Millisecond

// lastCall closes a listener and returns the connections that were waiting in
// its queue. A close resets them, although their clients have been let in and
// may have sent a request already; so nobody is let in any more, then the queue
// is emptied, and only then the listener is closed.
func lastCall(l net.Listener) []net.Conn {
	var waiting []int
	if raw := rawOf(l); raw != nil {
		_ = raw.Control(func(fd uintptr) { bar(int(fd)) }) // both fail only on a closed one
		<-time.After(handshake)
		_ = raw.Control(func(fd uintptr) { waiting = takeAll(int(fd)) })
	}
	_ = l.Close() // nothing can be done about a listener that does not close
	var late []net.Conn
	for _, fd := range waiting {
		f := os.NewFile(uintptr(fd), "accepted")
		if nc, err := net.FileConn(f); err == nil {
			late = append(late, nc)
		}
		_ = f.Close() // nc has a descriptor of its own
	}
	return late
}

// rawOf is a listener's descriptor; nil when it has none.
func rawOf(l net.Listener) syscall.RawConn {
	if open, ok := l.(syscall.Conn); ok {
		if raw, err := open.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// takeAll accepts until the queue is empty; the descriptor never blocks.
func takeAll(fd int) (accepted []int) {
	for len(accepted) < lastCallMost {
		n, _, err := syscall.Accept(fd)
		switch err {
		case nil:
			syscall.CloseOnExec(n)
			accepted = append(accepted, n)
		case syscall.EINTR, syscall.ECONNABORTED:
		default:
			return accepted
		}
	}
	return accepted
}

// startAll serves connections that came with the last call.
func (s *Server) startAll(late []net.Conn) {
	for _, nc := range late {
		s.start(nc)
	}
}
