package wire

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
)

// SpliceAbove is from how many bytes on moving them inside the kernel pays: below
// it, setting up the pipe costs more than two copies.
const SpliceAbove = 128 << 10

// CanSplice reports whether bytes can go from src to c without passing through
// this process: both are plain TCP and nothing is waiting in between.
func (c *Conn) CanSplice(src *Conn) bool {
	if len(c.pending) > 0 || len(src.Buffered()) > 0 {
		return false
	}
	_, to := c.nc.(*net.TCPConn)
	_, from := src.nc.(*net.TCPConn)
	return to && from
}

// Splice moves up to n bytes from src to c inside the kernel where it can
// (splice(2) through a pipe that the net package keeps), and answers how many
// there were. from is what went wrong with src, io.ErrUnexpectedEOF at its end;
// to is what went wrong with c. Time-outs and interrupts of either end it, and c
// is then of no more use: bytes that were in the pipe are lost. A kick ends reads
// only, and the pipe is empty whenever the net package reads.
// CanSplice must have said yes.
func (c *Conn) Splice(src *Conn, n int64) (moved int64, from, to error) {
	limited := io.LimitedReader{R: src.nc, N: n}
	before, cause := c.ended()
	if cause != nil {
		return 0, nil, cause
	}
	for limited.N > 0 {
		_, err := c.nc.(*net.TCPConn).ReadFrom(&limited)
		switch {
		case err == nil && limited.N > 0:
			return n - limited.N, io.ErrUnexpectedEOF, nil
		case err == nil:
			return n, nil, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			if now, cause := c.ended(); cause != nil || now != before {
				return n - limited.N, nil, cmp.Or(cause, ErrInterrupted)
			}
			if again, cause := src.interruption(err); !again {
				return n - limited.N, cause, nil
			}
		default: // the error does not say whose it is
			if closed, _ := src.Gone(); closed {
				return n - limited.N, err, nil
			}
			return n - limited.N, nil, err
		}
	}
	return n, nil, nil
}

// ended answers how often waits on c were told to end, and why, if that stands.
func (c *Conn) ended() (times uint32, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch reason := c.reason.Load(); {
	case reason&interrupted != 0:
		cause = ErrInterrupted
	case reason&timedOut != 0:
		cause = ErrTimeout
	}
	return c.endings, cause
}
