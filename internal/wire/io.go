package wire

import (
	"errors"
	"os"
	"time"
)

// largestRecord is what one TLS record can hold (RFC 8446 section 5.1).
const largestRecord = 16 << 10

// Write sends p at once.
func (c *Conn) Write(p []byte) error {
	if len(c.pending) > 0 {
		if err := c.Flush(); err != nil {
			return err
		}
	}
	for {
		n, err := c.nc.Write(p)
		if err == nil {
			c.sent()
			return nil
		}
		p = p[n:]
		again, err := c.cutShort(err)
		if !again {
			return err
		}
	}
}

// WriteParts sends up to three slices in one system call where the connection
// allows it. TLS makes at least a record and a call of each, so what fits into one
// record is put together in a draft first; a may be there already.
func (c *Conn) WriteParts(a, b, d []byte) error {
	if err := c.Flush(); err != nil {
		return err
	}
	if !c.Plain() && len(a)+len(b)+len(d) <= largestRecord {
		whole := append(append(append(c.Draft(), a...), b...), d...)
		c.grown(whole)
		return c.Write(whole)
	}
	c.vecs = [3][]byte{a, b, d}
	c.vec = c.vecs[:]
	for {
		err := c.writeVec()
		if err == nil {
			c.vecs = [3][]byte{}
			c.sent()
			return nil
		}
		again, err := c.cutShort(err)
		if !again {
			return err
		}
	}
}

// writeVec sends c.vec, and takes away from it what it has sent.
func (c *Conn) writeVec() (err error) {
	if c.own != nil && c.Plain() {
		_, err = c.own.writeParts(&c.vec)
	} else {
		_, err = c.vec.WriteTo(c.nc)
	}
	return err
}

// CloseWrite ends our side of the stream; the peer can still send.
func (c *Conn) CloseWrite() error {
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// cutShort is interruption for writes. TLS does not go on with a record that was cut
// short, and fails every later write by the same error.
func (c *Conn) cutShort(err error) (again bool, cause error) {
	again, cause = c.interruption(err)
	if c.Plain() {
		return again, cause
	}
	c.broken.Store(true)
	if again {
		cause = ErrTimeout // one that was taken back too late
	}
	return false, cause
}

// interruption tells a real error from a wake-up. It answers again = true when
// the wait should simply go on. A deadline and an Interrupt stand until they are
// taken back, so that a goroutine that reads and one that writes both see them.
func (c *Conn) interruption(err error) (again bool, cause error) {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	reason := c.reason.Load()
	switch {
	case reason&interrupted != 0:
		return false, ErrInterrupted
	case reason&timedOut != 0 && c.deadline.Load() == fired:
		return false, ErrTimeout
	}
	if reason == 0 && !c.exactly.IsZero() && !time.Now().Before(c.exactly) {
		return false, ErrTimeout
	}
	c.reason.Store(0)                // a kick, or a wake-up whose cause was settled meanwhile
	_ = c.nc.SetDeadline(noDeadline) // fails only on a closed connection, which the next call shows
	return true, nil
}

// clearDeadline takes a deadline of FillWithin's back, unless there is another
// reason by now to end waits.
func (c *Conn) clearDeadline() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason.Load() == 0 {
		_ = c.nc.SetDeadline(noDeadline) // fails only on a closed connection, which the next call shows
	}
}
