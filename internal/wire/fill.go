package wire

import (
	"io"
	"os"
	"syscall"
	"time"
)

// eagerReads is for how many reads that find nothing a connection reads before it
// waits, once bytes were found that had come too early for a blind wait.
const eagerReads = 32

// Fill sends what is queued and then waits until at least one more byte is
// buffered. Its error is io.EOF when the peer has ended its side.
func (c *Conn) Fill() error {
	switch {
	case c.own != nil:
		return c.fillLooped()
	case c.raw == nil:
		return c.fillStream()
	}
	for {
		c.ioErr, c.waited = nil, false
		err := c.raw.Read(c.onRead)
		if err == nil {
			err = c.ioErr
		}
		switch {
		case err == nil && len(c.pending) > 0: // a short write: finish it the slow way
			err = c.Flush()
			c.warm = false
			if err == nil {
				continue
			}
		case err == nil:
			c.warm = true
			if !c.waited && (c.looked || c.eager > 0) {
				c.eager = eagerReads
			}
			c.looked = false
			return nil
		}
		again, err := c.interruption(err)
		if !again {
			return err
		}
		c.looked, c.warm = true, false // look for real before the next wait
		if !c.exactly.IsZero() {
			_ = c.nc.SetReadDeadline(c.exactly) // fails only on a closed connection, which the next call shows
		}
		if c.Yield && c.buf == nil && len(c.pending) == 0 {
			return ErrIdle
		}
	}
}

// FillWithin is Fill with a time-out of its own, exact where SetTimeout is not;
// it costs a timer. The deadline that was set stays in force.
func (c *Conn) FillWithin(d time.Duration) error {
	c.exactly = time.Now().Add(d)
	if err := c.nc.SetReadDeadline(c.exactly); err != nil {
		return err
	}
	err := c.Fill()
	c.exactly = noDeadline
	c.clearDeadline()
	return err
}

// readable is the RawConn.Read callback: true ends the wait.
func (c *Conn) readable(fd uintptr) bool {
	if len(c.pending) > 0 {
		n, err := writeFD(fd, c.pending)
		if err != nil && err != syscall.EAGAIN {
			c.ioErr, c.pending = os.NewSyscallError("write", err), nil
			return true
		}
		c.pending = c.pending[max(n, 0):]
		if len(c.pending) > 0 {
			return true
		}
		c.pending = nil
		c.sent()
		if c.warm && c.eager == 0 {
			c.blind.Add(1)
			return false
		}
	}
	return c.readOnce(fd)
}

func (c *Conn) readOnce(fd uintptr) bool {
	if !c.room() {
		c.ioErr = ErrBufferFull
		return true
	}
	n, err := readFD(fd, c.buf.b[c.w:])
	switch {
	case err == syscall.EAGAIN:
		c.waited = true
		c.eager = max(c.eager-1, 0)
		c.idle()
		if c.Yield {
			c.blind.Add(1) // have the watchdog look after this wait too
		}
		return false
	case err != nil:
		c.ioErr = os.NewSyscallError("read", err)
	case n == 0:
		c.ioErr = io.EOF
	default:
		c.w += int32(n)
		return true
	}
	c.idle()
	return true
}
