package wire

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// socketOf is the socket that a connection's bytes go through, also under TLS; nil
// when there is none.
func socketOf(nc net.Conn) syscall.RawConn {
	if over, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = over.NetConn()
	}
	switch nc := nc.(type) {
	case *net.TCPConn:
		raw, _ := nc.SyscallConn() // fails only without a connection
		return raw
	case *net.UnixConn:
		raw, _ := nc.SyscallConn()
		return raw
	}
	return nil
}

// Gone looks, without waiting and without consuming anything, whether the peer
// has ended its side or sent something. Any goroutine may call it. Over TLS it sees
// what goes through the socket: an end, then, is announced by something to read.
func (c *Conn) Gone() (closed, readable bool) {
	if c.sock == nil {
		return false, false
	}
	c.peeking.Lock()
	defer c.peeking.Unlock()
	if err := c.sock.Control(c.onPeek); err != nil {
		return true, false
	}
	return c.sawEnd, c.sawBytes
}

// peek is the RawConn.Control callback of Gone.
func (c *Conn) peek(fd uintptr) {
	n, err := peekFD(fd)
	c.sawEnd = err == nil && n == 0 || err != nil && err != syscall.EAGAIN
	c.sawBytes = n > 0
}

// Plain reports whether bytes go to the socket as they are, so that what was read
// is all in the Conn's own buffer.
func (c *Conn) Plain() bool { return c.raw != nil }

// Quiet reports whether the connection is open with nothing to read: neither on
// the socket nor, under TLS, among what was read off it and not yet given out.
// Only the one who reads may call it. A connection that is not quiet may have lost
// a byte by the look: it is fit to be closed.
func (c *Conn) Quiet() bool {
	if closed, readable := c.Gone(); closed || readable || len(c.Buffered()) > 0 {
		return false
	}
	return c.Plain() || c.holdsNothing()
}

// holdsNothing reads under a deadline that has passed: that gives only what needs
// no wait.
func (c *Conn) holdsNothing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nc.SetReadDeadline(longAgo) != nil {
		return false
	}
	n, err := c.nc.Read(c.stray[:])
	if c.reason.Load() == 0 {
		_ = c.nc.SetDeadline(noDeadline) // fails only on a closed connection, which the next call shows
	}
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}
