package wire

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Tick is how often the watchdog looks, and so how exact deadlines are.
const Tick = 50 * time.Millisecond

var (
	noDeadline time.Time
	longAgo    = time.Unix(1, 0)
)

// Watchdog looks after all connections of a process: it ends waits whose
// deadline has passed and has blind waits look for real. Run must be running
// for deadlines to fire.
type Watchdog struct {
	start  time.Time
	now    atomic.Int64
	next   atomic.Uint32
	shards [8]shard
}

type shard struct {
	mu    sync.Mutex
	conns []*Conn
	_     [40]byte // keeps neighbours' locks on other cache lines
}

// NewWatchdog makes a watchdog whose clock begins at 1.
func NewWatchdog() *Watchdog {
	d := &Watchdog{start: time.Now().Add(-time.Millisecond)}
	d.now.Store(1)
	return d
}

// Run ticks until ctx ends.
func (d *Watchdog) Run(ctx context.Context) {
	t := time.NewTicker(Tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			d.tick()
		}
	}
}

// Now is the time in milliseconds since the watchdog was made, as of the last
// tick: cheap, coarse, monotonic.
func (d *Watchdog) Now() int64 { return d.now.Load() }

// In is what Now will be when wait has passed, by the clock and not by the last tick,
// which on a busy machine may be long ago: what goes by it is not cut short.
func (d *Watchdog) In(wait time.Duration) int64 { return (time.Since(d.start) + wait).Milliseconds() }

// Len is how many connections there are.
func (d *Watchdog) Len() int {
	n := 0
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.Lock()
		n += len(s.conns)
		s.mu.Unlock()
	}
	return n
}

// tick is one look. On a busy machine it may be late; deadlines that were set since
// the look before, by a clock that stood still meanwhile, get that time back.
// Without it they would end waits that have just begun, and fail hosts that are well.
func (d *Watchdog) tick() {
	now := time.Since(d.start).Milliseconds()
	late := max(now-d.now.Load()-Tick.Milliseconds(), 0)
	d.now.Store(now)
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.Lock()
		for _, c := range s.conns {
			c.look(now, late)
			if c.OnTick != nil {
				c.OnTick(now)
			}
		}
		s.mu.Unlock()
	}
}

func (d *Watchdog) add(c *Conn) {
	c.shard = int(d.next.Add(1)) % len(d.shards)
	s := &d.shards[c.shard]
	s.mu.Lock()
	defer s.mu.Unlock()
	c.slot = len(s.conns)
	s.conns = append(s.conns, c)
}

func (d *Watchdog) remove(c *Conn) {
	s := &d.shards[c.shard]
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.conns[len(s.conns)-1]
	s.conns[c.slot], last.slot = last, c.slot
	s.conns[len(s.conns)-1] = nil
	s.conns = s.conns[:len(s.conns)-1]
}

// look is the watchdog's work on one connection in one tick, which came late by so
// many milliseconds.
func (c *Conn) look(now, late int64) {
	at := c.deadline.Load()
	if at > 0 && at&fresh != 0 {
		if settled := at + late*inDeadline - fresh; c.deadline.CompareAndSwap(at, settled) {
			at = settled
		}
	}
	if at > 0 && now > at/inDeadline {
		c.expire(at)
		return
	}
	if c.own != nil { // no wait is blind there
		return
	}
	if !c.Plain() {
		c.lookStream()
		return
	}
	b := c.blind.Load()
	if b == c.watched && b != c.lookedFor {
		c.lookedFor = b
		c.interruptWith(kicked)
	}
	c.watched = b
}

// expire fires the deadline that was seen, unless another was set meanwhile.
func (c *Conn) expire(at int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.CompareAndSwap(at, fired) {
		c.reason.Or(timedOut)
		_ = c.nc.SetDeadline(longAgo) // a closed connection needs no waking
	}
}

// SetTimeout says that waits from now on end with ErrTimeout after d; 0 means
// never. It is exact to two ticks and costs one atomic store. A deadline that has
// passed ends all waits, reads and writes, until another is set. Any goroutine
// may call it.
func (c *Conn) SetTimeout(d time.Duration) {
	if d <= 0 {
		c.SetDeadline(0)
		return
	}
	c.SetDeadline(c.dog.now.Load() + max(d.Milliseconds(), 1) + Tick.Milliseconds())
}

// SetDeadline is SetTimeout with a time of the watchdog's clock; 0 means never.
func (c *Conn) SetDeadline(at int64) {
	if at > 0 {
		at = at*inDeadline + fresh
	}
	if c.deadline.Load() == at {
		return
	}
	c.deadline.Store(at)
	if c.reason.Load()&timedOut != 0 {
		c.forget(timedOut)
	}
}

// Deadline is what SetDeadline set.
func (c *Conn) Deadline() int64 {
	at := c.deadline.Load()
	if at > 0 {
		at /= inDeadline
	}
	return at
}

// forget takes back a reason to end waits.
func (c *Conn) forget(reason int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before := c.reason.And(^reason); before == reason {
		_ = c.nc.SetDeadline(noDeadline) // a closed connection shows it on the next call
	}
}

// Waits tells a wait from the one before: it goes up whenever Fill sends something
// and begins to wait, unless it looks before it does. Any goroutine may call it.
func (c *Conn) Waits() uint64 { return c.blind.Load() }

// Interrupt ends all waits, current and later ones, with ErrInterrupted until
// Resume. Any goroutine may call it.
func (c *Conn) Interrupt() { c.interruptWith(interrupted) }

// Resume takes back an Interrupt.
func (c *Conn) Resume() {
	if c.reason.Load()&interrupted != 0 {
		c.forget(interrupted)
	}
}

func (c *Conn) interruptWith(reason int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason.Or(reason)&reason != 0 {
		return
	}
	if reason == kicked { // there is something to read, perhaps; writes go on
		_ = c.nc.SetReadDeadline(longAgo) // a closed connection needs no waking
		return
	}
	_ = c.nc.SetDeadline(longAgo) // nor here
}
