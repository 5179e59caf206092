package proxy

import (
	"context"
	"sync/atomic"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
)

// clock ends a call that makes no progress. Progress is one atomic store; the
// timer looks at it only when it fires.
type clock struct {
	until  int64        // mono time at which all is over; 0 = no bound
	most   atomic.Int64 // longest wait, in nanoseconds; 0 = no bound
	since  atomic.Int64 // mono time at which the wait began; 0 = nobody waits
	over   atomic.Bool
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// start begins a wait of at most d, after which cancel is called with
// wire.ErrTimeout. So it is when all waits together have lasted until the mono
// time given. 0 is no bound of either.
func (c *clock) start(d time.Duration, until int64, cancel context.CancelCauseFunc) {
	c.until, c.cancel = until, cancel
	c.most.Store(int64(d))
	c.touch()
	c.timer = time.AfterFunc(unbounded, c.ring)
	c.timer.Reset(c.next()) // not before ring can see the timer
}

// touch begins the wait anew.
func (c *clock) touch() { c.since.Store(mono.Now()) }

// rest says that nobody waits at the moment.
func (c *clock) rest() { c.since.Store(0) }

// limit sets another bound, for the waits from now on.
func (c *clock) limit(d time.Duration) {
	c.rest()
	c.most.Store(int64(d))
	c.timer.Reset(c.next())
}

// unbounded is how often a clock without a bound looks whether it has one.
const unbounded = time.Hour

// next is when the timer has to look again.
func (c *clock) next() time.Duration {
	d := time.Duration(c.most.Load())
	if d == 0 {
		d = unbounded
	}
	return before(c.until, d)
}

// ring is the timer's look.
func (c *clock) ring() {
	most, since := c.most.Load(), c.since.Load()
	now := mono.Now()
	switch waited := now - since; {
	case c.over.Load():
	case c.until != 0 && now >= c.until:
		c.cancel(wire.ErrTimeout)
	case most == 0 || since == 0:
		c.timer.Reset(c.next())
	case waited < most:
		c.timer.Reset(before(c.until, time.Duration(most-waited)))
	default:
		c.cancel(wire.ErrTimeout)
	}
}

// stop ends the clock. A clock that was never started is stopped already.
func (c *clock) stop() {
	c.over.Store(true)
	if c.timer != nil {
		c.timer.Stop()
	}
}
