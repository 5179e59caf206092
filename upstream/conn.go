package upstream

import (
	"sync/atomic"

	"pingap-go/internal/wire"
)

// Conn is a connection to a host. It belongs to the exchange that took or
// dialled it until Put or Close.
type Conn struct {
	wire.Conn
	host   *Host
	serial uint64 // of the link it was made by
	uses   int
	closed bool
	since  atomic.Int64 // watchdog time at which it was put back
}

// Reused reports whether the connection has served before.
func (c *Conn) Reused() bool { return c.uses > 0 }

// Put gives a connection that is ready for another request back to its host.
func (c *Conn) Put() {
	c.uses++
	h := c.host
	l := h.link.Load()
	o := l.options
	worn := o.KeepaliveRequests > 0 && c.uses >= o.KeepaliveRequests
	if len(c.Buffered()) > 0 || c.serial != l.serial || l.gone || worn {
		c.Close()
		return
	}
	c.since.Store(o.Watchdog.Now())
	c.SetDeadline(0)
	if !h.idle.put(c, o.KeepalivePool) {
		c.Close()
		return
	}
	if h.link.Load() != l { // it may have come too late to be seen by relink
		h.dropStale()
	}
}

// Close ends the connection. Its owner may call it more than once.
func (c *Conn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.host.conns.Add(-1)
	return c.Conn.Close()
}
