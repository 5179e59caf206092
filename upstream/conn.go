package upstream

import (
	"sync/atomic"

	"pingap-go/internal/wire"
)

// Conn is a connection to a host. It belongs to the exchange that took or
// dialled it until Put or Close.
type Conn struct {
	wire.Conn
	host  *Host
	uses  int
	since int64 // watchdog time at which it was put back
	keep  int64 // milliseconds that the server keeps it idle, by its own word; 0 = it did not say
	doubt bool  // look at the socket before it serves again
}

// Doubt says that the host may send more than it should have: Take then looks at
// the socket first.
func (c *Conn) Doubt() { c.doubt = true }

// Reused reports whether the connection has served before.
func (c *Conn) Reused() bool { return c.uses > 0 }

// KeepFor notes for how many seconds the server says it keeps an idle connection
// ("Keep-Alive: timeout="); 0 leaves what it said before.
func (c *Conn) KeepFor(seconds int) {
	if seconds > 0 {
		c.keep = int64(seconds) * 1000
	}
}

// expired reports whether a connection has been idle for too long by now: for
// what was configured, or nearly what the server itself allows.
func (c *Conn) expired(now int64) bool {
	idle := now - c.since
	limit := c.host.settings.IdleTimeout.Milliseconds()
	return limit > 0 && idle > limit || c.keep > 0 && idle > c.keep-keepMargin
}

// keepMargin is how many milliseconds before a server would close an idle
// connection it is given up.
const keepMargin = 500

// Put gives a connection that is ready for another request back to its host.
func (c *Conn) Put() {
	h := c.host
	c.uses++
	s := h.settings
	if len(c.Buffered()) > 0 || h.gone.Load() || s.KeepaliveRequests > 0 && c.uses >= s.KeepaliveRequests {
		c.Close()
		return
	}
	c.since = s.Watchdog.Now()
	if !h.idle.put(c, s.KeepalivePool) {
		c.Close()
	}
}

// Close ends the connection.
func (c *Conn) Close() error {
	err := c.Conn.Close()
	c.host.conns.Add(-1)
	return err
}

// idleConns holds the connections of one host that wait for work, newest first
// as far as that goes without a lock: an array of slots that are taken and
// filled by compare-and-swap. The array is made when the first connection comes
// back, so that hosts which are never used cost nothing.
type idleConns struct {
	slots atomic.Pointer[[]atomic.Pointer[Conn]]
	count atomic.Int64
}

// put stores c, or reports false when all slots are full.
func (p *idleConns) put(c *Conn, size int) bool {
	slots := p.slots.Load()
	if slots == nil {
		fresh := make([]atomic.Pointer[Conn], max(size, 1))
		p.slots.CompareAndSwap(nil, &fresh)
		slots = p.slots.Load()
	}
	n := len(*slots)
	for i, at := 0, int(p.count.Load()); i < n; i++ {
		if (*slots)[(at+i)%n].CompareAndSwap(nil, c) {
			p.count.Add(1)
			return true
		}
	}
	return false
}

// take removes a connection, or answers nil.
func (p *idleConns) take() *Conn {
	held := int(p.count.Load())
	if held <= 0 {
		return nil
	}
	slots := *p.slots.Load()
	n := len(slots)
	for i := range n {
		slot := &slots[(held-1-i+n)%n]
		if slot.Load() == nil {
			continue
		}
		if c := slot.Swap(nil); c != nil {
			p.count.Add(-1)
			return c
		}
	}
	return nil
}

// each takes out the connections for which end answers true and closes them.
func (p *idleConns) each(end func(*Conn) bool) {
	slots := p.slots.Load()
	if slots == nil {
		return
	}
	for i := range *slots {
		c := (*slots)[i].Swap(nil)
		if c == nil {
			continue
		}
		p.count.Add(-1)
		if end(c) || !p.put(c, len(*slots)) {
			c.Close()
		}
	}
}
