package proxy

import (
	"net"
	"os"
	"syscall"
)

// lastCallMost bounds what a closing listener still lets in: its queue's length
// by the system's default.
const lastCallMost = 4096

// lastCall closes a listener and returns the connections that were waiting in
// its queue. A close resets them, although their clients have been let in and
// may have sent a request already; so the queue is emptied first, and closed
// before another can come, as far as that goes.
func lastCall(l net.Listener) []net.Conn {
	var waiting []int
	if open, ok := l.(syscall.Conn); ok {
		if raw, err := open.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { waiting = takeAll(int(fd)) }) // fails only on a closed one
		}
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
