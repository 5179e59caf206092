package wire

import "syscall"

// fillStream is Fill for connections that do not read their socket themselves, and that
// no loop watches: TLS of tunnels and tcp servers, and all TLS where there are no loops.
// It has the watchdog end its first read after a tick; what is waited for later is the
// socket, with no buffer and few frames on the stack.
func (c *Conn) fillStream() error {
	if err := c.Flush(); err != nil {
		return err
	}
	for {
		if c.spent && c.Yield && c.buf == nil {
			return ErrIdle
		}
		n, err := c.readStream()
		if n > 0 {
			return nil
		}
		if err == nil {
			continue
		}
		again, err := c.interruption(err)
		c.idle()
		if !again {
			return err
		}
		c.spent = c.sock != nil
		if !c.exactly.IsZero() {
			_ = c.nc.SetReadDeadline(c.exactly) // fails only on a closed connection, which the next call shows
		}
	}
}

// readStream reads once. A read that ended for want of time has given out all that
// is whole of what was taken off the socket, so nothing can follow unless more
// comes there. What comes may be no bytes for us, such as new keys or a part of a
// record; then the next read ends after a tick again.
func (c *Conn) readStream() (int, error) {
	if c.spent {
		if err := c.sock.Read(stirs); err != nil {
			return 0, err
		}
		c.spent = false
	}
	if !c.room() {
		return 0, ErrBufferFull
	}
	if c.sock != nil {
		c.reading.Store(begun)
		defer c.reading.Store(0)
	}
	n, err := c.nc.Read(c.buf.b[c.w:])
	c.w += int32(n)
	return n, err
}

// What a Conn's reading holds, other than 0.
const (
	begun int32 = 1 + iota // a read through TLS, since the last tick
	lasts                  // since the one before
)

// lookStream ends a read through TLS that has lasted for a tick.
func (c *Conn) lookStream() {
	switch c.reading.Load() {
	case begun:
		c.reading.CompareAndSwap(begun, lasts)
	case lasts:
		if c.reading.CompareAndSwap(lasts, 0) {
			c.interruptWith(kicked)
		}
	}
}

// stirs is a RawConn.Read callback that ends the wait, and takes nothing, when there
// is something to read, the end and errors included.
func stirs(fd uintptr) bool {
	_, err := peekFD(fd)
	return err != syscall.EAGAIN
}
