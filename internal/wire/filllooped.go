package wire

import (
	"os"
	"syscall"
)

// spliceSteps is what moving bytes through a pipe counts for (loop.Task.Step): it moves
// more than a read does.
const spliceSteps = 8

// fillLooped is Fill for a connection that a loop watches. The loop knows what has
// become of the socket since it was read from, so that no read is tried in vain and
// none is left out that would have found something.
func (c *Conn) fillLooped() error {
	look := c.held || c.own.stirred()
	for {
		found, err := c.tryLooped(look)
		if found {
			return nil
		}
		look = true
		if err == nil {
			continue
		}
		again, err := c.interruption(err)
		if !again {
			return err
		}
		if !c.exactly.IsZero() {
			_ = c.nc.SetReadDeadline(c.exactly) // fails only on a closed connection, which the next call shows
		}
	}
}

// tryLooped sends what is queued, looks whether there is something to read, if it is
// to, and waits if not. It reports whether it has read something.
func (c *Conn) tryLooped(look bool) (found bool, err error) {
	if err := c.own.MayRead(); err != nil {
		return false, err
	}
	if len(c.pending) > 0 {
		if err := c.sendLooped(); err != nil {
			return false, err
		}
	}
	if look {
		if found, err := c.readLooped(); found || err != nil {
			return found, err
		}
	}
	if c.Yield && c.buf == nil && c.own.task.On() {
		return false, ErrIdle
	}
	return false, c.own.waitRead()
}

// sendLooped sends what is queued.
func (c *Conn) sendLooped() error {
	c.blind.Add(1) // another wait begins
	if c.raw == nil {
		return c.Flush()
	}
	n, err := writeFD(c.own.FD(), c.pending)
	if err != nil && err != syscall.EAGAIN {
		c.pending = nil
		return os.NewSyscallError("write", err)
	}
	if c.pending = c.pending[max(n, 0):]; len(c.pending) > 0 {
		return c.Flush() // finish it the slow way
	}
	c.pending = nil
	c.sent()
	return nil
}

// readLooped reads once.
func (c *Conn) readLooped() (found bool, err error) {
	c.own.task.Step(1)
	if !c.room() {
		return false, ErrBufferFull
	}
	n, err := c.readNow(c.buf.b[c.w:])
	if n > 0 {
		c.w += int32(n)
		return true, nil
	}
	c.idle()
	if err == errNothing {
		err = nil
	}
	return false, err
}

// readNow reads what needs no wait: some bytes, or there is an error, errNothing when
// nothing has come yet.
func (c *Conn) readNow(p []byte) (n int, err error) {
	if c.raw != nil {
		return c.own.readNow(p)
	}
	c.own.grabs = true
	n, err = c.nc.Read(p)
	c.own.grabs = false
	c.held = n > 0
	return n, err
}
