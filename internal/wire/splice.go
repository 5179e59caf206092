package wire

import (
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
// to is what went wrong with c. Time-outs and interrupts of either end it.
// CanSplice must have said yes.
func (c *Conn) Splice(src *Conn, n int64) (moved int64, from, to error) {
	limited := io.LimitedReader{R: src.nc, N: n}
	for limited.N > 0 {
		_, err := c.nc.(*net.TCPConn).ReadFrom(&limited)
		switch {
		case err == nil && limited.N > 0:
			return n - limited.N, io.ErrUnexpectedEOF, nil
		case err == nil:
			return n, nil, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			if again, cause := c.interruption(err); !again {
				return n - limited.N, nil, cause
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
