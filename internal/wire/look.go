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
	switch nc := beneath(nc).(type) {
	case *looped:
		return rawLooped{nc}
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
// what goes through the socket. An end is announced there by something to read,
// which nobody reads meanwhile, so the system is asked for the end behind it: TCP's
// end (FIN) and reset are seen whatever lies before them. Not seen is a close_notify
// by itself, of a peer that ends its side of TLS and leaves TCP open; nor, where the
// system is not Linux, an end with anything unread before it.
func (c *Conn) Gone() (closed, readable bool) {
	if c.severed.Load() {
		return true, false
	}
	c.peeking.Lock()
	defer c.peeking.Unlock()
	if c.sock == nil {
		return false, false
	}
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
	if c.sawBytes && !c.Plain() {
		c.sawEnd = endedFD(fd)
	}
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

// holdsNothing reads what needs no wait: on a loop by saying so, else under a deadline
// that has passed.
func (c *Conn) holdsNothing() bool {
	if c.own != nil {
		_, err := c.readNow(c.stray[:])
		return err == errNothing
	}
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
