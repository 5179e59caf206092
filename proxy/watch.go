package proxy

import (
	"time"

	"pingap-go/internal/wire"
)

// tick is the watchdog's look at this connection: has the client left a request
// that is still being served, and has one that is idle, or a tunnel, had its time
// while the server drains, or has turned to TCP.
func (c *conn) tick(now int64) {
	c.tickPeer()
	k := c.call.Load()
	if k != nil && k == c.lastCall && c.gone() {
		k.leave()
	}
	c.lastCall = k
	if !c.server.parting() {
		return
	}
	switch c.state.Load() {
	case stateIdle:
		if c.stillFor++; c.stillFor >= drainTicks && !c.asked() {
			c.Interrupt()
		}
	case stateTunnel, stateHandshake:
		if end := c.server.tunnelsEnd.Load(); end > 0 && now >= end {
			c.Interrupt()
		}
	default:
		c.stillFor = 0
	}
}

// tickPeer looks after a client when the upstream has been waited for since the
// tick before. The connection alone does not tell: on a busy one it is another
// request by now, whose client need not be asked.
func (c *conn) tickPeer() {
	p, wait := c.peer.Load(), uint64(0)
	if p != nil {
		wait = p.Waits()
	}
	if p != nil && p == c.lastPeer && wait == c.lastWait && c.gone() && c.peer.CompareAndSwap(p, nil) {
		p.Interrupt()
	}
	c.lastPeer, c.lastWait = p, wait
}

// drainTicks is how long an idle connection is left open after draining began:
// a request that was already on its way is still served.
const drainTicks = int(500 * time.Millisecond / wire.Tick)

// asked reports whether a request has arrived that nobody has read yet.
func (c *conn) asked() bool {
	_, readable := c.Gone()
	return readable
}

// gone reports whether the client has ended its side.
func (c *conn) gone() bool {
	closed, _ := c.Gone()
	return closed
}

// watch has the upstream connection interrupted when the client goes away.
func (c *conn) watch(up *wire.Conn) { c.peer.Store(up) }

// unwatch ends that. Whoever empties peer has had the last word: if it was the
// tick, the upstream connection is interrupted.
func (c *conn) unwatch() (gone bool) { return c.peer.Swap(nil) == nil }

// watchCall has a call ended when the client goes away.
func (c *conn) watchCall(k *call) { c.call.Store(k) }
