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
	most   atomic.Int64 // longest wait, in nanoseconds; 0 = no bound
	since  atomic.Int64 // mono time at which the wait began; 0 = nobody waits
	over   atomic.Bool
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// start begins a wait of at most d, after which cancel is called with
// wire.ErrTimeout; 0 = no bound.
func (c *clock) start(d time.Duration, cancel context.CancelCauseFunc) {
	c.cancel = cancel
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
	if d := c.most.Load(); d > 0 {
		return time.Duration(d)
	}
	return unbounded
}

// ring is the timer's look.
func (c *clock) ring() {
	most, since := c.most.Load(), c.since.Load()
	switch waited := mono.Now() - since; {
	case c.over.Load():
	case most == 0 || since == 0:
		c.timer.Reset(c.next())
	case waited < most:
		c.timer.Reset(time.Duration(most - waited))
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
