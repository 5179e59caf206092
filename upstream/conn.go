package upstream

import (
	"sync/atomic"

	"pingap-go/internal/wire"
)

// Conn is a connection to a host. It belongs to the exchange that took or
// dialled it until Put or Close.
type Conn struct {
	host   *Host
	serial uint64 // of the link it was made by
	uses   int
	closed bool
	// What heed has found: the link in force, its options beside it, and whether the
	// connection is one that it does not use.
	link    *link
	options *Options
	stale   bool
	since   atomic.Int64 // watchdog time at which it was put back
	keep    atomic.Int64 // milliseconds that the server keeps it idle, by its own word; 0 = it did not say
	doubt   bool         // look at the socket before it serves again
	// answered is the monotonic time at which its last answer began.
	answered  int64
	wire.Conn // what a request touches of it stands first, and so beside this
}

// Doubt says that the host may send more than it should have: Take then looks at
// the socket first.
func (c *Conn) Doubt() { c.doubt = true }

// Answered notes when an answer's head was here, on the monotonic clock.
func (c *Conn) Answered(at int64) { c.answered = at }

// Reused reports whether the connection has served before.
func (c *Conn) Reused() bool { return c.uses > 0 }

// KeepFor notes for how many seconds the server says it keeps an idle connection
// ("Keep-Alive: timeout="); 0 leaves what it said before.
func (c *Conn) KeepFor(seconds int) {
	if seconds > 0 {
		c.keep.Store(int64(seconds) * 1000)
	}
}

// keepMargin is how many milliseconds before a server would close an idle
// connection it is given up.
const keepMargin = 500

// expired reports whether a kept connection has been idle for too long by now:
// for longer than limit milliseconds (0 = no bound), or nearly what the server
// itself allows.
func (c *Conn) expired(now, limit int64) bool {
	idle, keep := now-c.since.Load(), c.keep.Load()
	return limit > 0 && idle > limit || keep > 0 && idle > keep-keepMargin
}

// heed takes notice of the link in force. Most often it is the same as before and need
// not be read, which with hundreds of hosts would be a wait for memory.
func (c *Conn) heed(l *link) {
	if l != c.link {
		c.link, c.options, c.stale = l, l.options, c.serial != l.serial || l.gone
	}
}

// Put gives a connection that is ready for another request back to its host.
func (c *Conn) Put() {
	c.uses++
	c.For(nil) // the task goes on with something else
	h := c.host
	l := h.link.Load()
	c.heed(l)
	o := c.options
	worn := o.KeepaliveRequests > 0 && c.uses >= o.KeepaliveRequests
	if len(c.Buffered()) > 0 || c.stale || worn {
		c.Close()
		return
	}
	if now := o.Watchdog.Now(); c.since.Load() != now { // a look is cheaper than a store
		c.since.Store(now)
	}
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
	c.Hurry() // an instance that takes no bytes is not waited for, least of all on a loop
	return c.Conn.Close()
}
