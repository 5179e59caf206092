package limit

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// The reasons why a Gate turns a request away. Both mean "not now".
var (
	ErrFull         = errors.New("too many requests in flight and no place in the queue")
	ErrQueueTimeout = errors.New("too many requests in flight, and none of them ended in time")
)

// Gate bounds the requests in flight. Where it is full, a bounded number of
// requests waits for a bounded time, first come first served. Any goroutine may
// call it. While nobody waits, Acquire and Release are one atomic operation
// each and a look at a second; a lock, a timer and a channel are used only to wait.
//
// The zero Gate lets everybody through, and counts.
type Gate struct {
	limit    atomic.Int64 // 0 or less: none
	inFlight atomic.Int64
	waiting  atomic.Int64 // length of queue

	timeout time.Duration
	places  int64

	mu    sync.Mutex
	queue list.List // of chan struct{}, the oldest first
}

// NewGate returns a Gate for limit requests at once (0 for any number), before
// which up to places requests wait for up to timeout (0 for 1 s) each. With no
// places nobody waits.
func NewGate(limit, places int, timeout time.Duration) *Gate {
	if timeout <= 0 {
		timeout = time.Second
	}
	g := &Gate{places: int64(places), timeout: timeout}
	g.limit.Store(int64(limit))
	return g
}

// InFlight is how many requests have acquired and not yet released.
func (g *Gate) InFlight() int { return int(g.inFlight.Load()) }

// Waiting is how many requests wait.
func (g *Gate) Waiting() int { return int(g.waiting.Load()) }

// Places is how many requests may wait.
func (g *Gate) Places() int { return int(g.places) }

// Limit is the present limit; 0 means none.
func (g *Gate) Limit() int { return int(max(g.limit.Load(), 0)) }

// SetLimit changes the limit, 0 meaning none. Requests in flight above a lower
// limit go on; those that wait and have room under a higher one get it.
func (g *Gate) SetLimit(limit int) {
	g.limit.Store(int64(limit))
	g.admitWaiting()
}

// Acquire returns nil when the request may go on; Release has to follow. It
// waits when the gate is full and there is a place in the queue, and otherwise
// returns ErrFull. It gives up with ErrQueueTimeout, or with ctx's error inside
// a sentence when ctx ends first.
func (g *Gate) Acquire(ctx context.Context) error {
	if g.waiting.Load() == 0 && g.enter() {
		return nil
	}
	place, err := g.enqueue()
	if place == nil {
		return err
	}
	return g.wait(ctx, place)
}

// TryAcquire is Acquire without waiting.
func (g *Gate) TryAcquire() bool { return g.waiting.Load() == 0 && g.enter() }

// Release ends what Acquire began.
func (g *Gate) Release() {
	g.inFlight.Add(-1)
	if g.waiting.Load() > 0 {
		g.admitWaiting()
	}
}

// enter takes a place in flight if there is one.
func (g *Gate) enter() bool {
	for {
		n, limit := g.inFlight.Load(), g.limit.Load()
		if limit > 0 && n >= limit {
			return false
		}
		if g.inFlight.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// enqueue joins the queue; a nil element comes with the final answer, which is
// admission (no error) or ErrFull.
//
// No wake-up is lost: a newcomer raises waiting before it tries to enter for
// the last time, and Release lowers inFlight before it looks at waiting, so at
// least one of the two sees the other.
func (g *Gate) enqueue() (*list.Element, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting.Load() >= g.places {
		if g.waiting.Load() == 0 && g.enter() {
			return nil, nil
		}
		return nil, ErrFull
	}
	place := g.queue.PushBack(make(chan struct{}))
	g.waiting.Add(1)
	g.admitLocked()
	return place, nil
}

// wait blocks until the request is admitted or gives up.
func (g *Gate) wait(ctx context.Context, place *list.Element) error {
	timer := time.NewTimer(g.timeout)
	defer timer.Stop()
	admitted := place.Value.(chan struct{})
	var err error
	select {
	case <-admitted:
		return nil
	case <-timer.C:
		err = ErrQueueTimeout
	case <-ctx.Done():
		err = fmt.Errorf("left the queue for a free place in flight: %w", context.Cause(ctx))
	}
	return g.leave(place, err)
}

// leave takes a request out of the queue that gave up, unless it was admitted
// at the same moment: then it goes on.
func (g *Gate) leave(place *list.Element, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-place.Value.(chan struct{}):
		return nil
	default:
	}
	g.queue.Remove(place)
	g.waiting.Add(-1)
	return err
}

// admitWaiting lets in who waits, as far as there is room.
func (g *Gate) admitWaiting() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.admitLocked()
}

func (g *Gate) admitLocked() {
	for first := g.queue.Front(); first != nil && g.enter(); first = g.queue.Front() {
		close(g.queue.Remove(first).(chan struct{}))
		g.waiting.Add(-1)
	}
}
