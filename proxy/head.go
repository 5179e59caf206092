package proxy

import (
	"errors"
	"io"

	"pingap-go/internal/wire"
	"pingap-go/proxy/http1"
)

// readHead returns the next request head as one string, the only allocation
// that a request costs on the way in.
func (c *conn) readHead() (string, error) {
	scanned, empty := 0, 0
	c.SetTimeout(c.server.limits().IdleTimeout)
	for {
		buf := c.Buffered()
		if scanned == 0 {
			if n := min(http1.SkipEmptyLines(buf), maxEmptyLines-empty); n > 0 {
				c.Discard(n)
				empty += n
				continue
			}
		}
		if len(buf) > scanned && !(len(buf) == 1 && buf[0] == '\r') {
			n, err := http1.HeadLength(buf, scanned)
			if err != nil {
				c.borrow()
				return "", err
			}
			if n > 0 {
				c.borrow()
				head := string(buf[:n])
				c.Discard(n)
				return head, nil
			}
			if scanned == 0 {
				c.Compact()
				buf = c.Buffered()
				c.SetTimeout(c.server.limits().ReadHeaderTimeout)
			}
			if scanned = len(buf); scanned > c.limits.MaxHeadBytes {
				c.borrow()
				return "", http1.HeadTooLarge(buf[:c.limits.MaxHeadBytes])
			}
		}
		c.Yield = scanned == 0 // only between requests a connection may park
		err := c.Fill()
		c.Yield = false
		if err != nil {
			return "", c.headError(err, scanned > 0)
		}
	}
}

// maxEmptyLines bounds the bytes of empty lines before a request, as the codec
// does for those that come in one piece.
const maxEmptyLines = 2 * len("\r\n")

// headError says what an error means that ended the wait for a head.
func (c *conn) headError(err error, begun bool) error {
	switch {
	case err == wire.ErrIdle:
		return err
	case !begun:
		return io.EOF // idle: nobody asked anything
	case errors.Is(err, wire.ErrTimeout):
		c.borrow()
		return faultSlowHead
	case errors.Is(err, wire.ErrBufferFull):
		c.borrow()
		return http1.HeadTooLarge(c.Buffered())
	}
	return io.EOF
}
