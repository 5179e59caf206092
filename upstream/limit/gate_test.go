package limit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// request is one that goes through a gate, inside a synctest bubble.
type request struct {
	gate   *Gate
	answer chan error
	waited time.Duration
}

// arrive sends a request to the gate and returns when it is through, was
// turned away, or waits.
func arrive(ctx context.Context, g *Gate) *request {
	r := &request{gate: g, answer: make(chan error, 1)}
	go r.run(ctx)
	synctest.Wait()
	return r
}

func (r *request) run(ctx context.Context) {
	start := time.Now()
	err := r.gate.Acquire(ctx)
	r.waited = time.Since(start)
	r.answer <- err
}

// state is "through", "waits" or the error.
func (r *request) state() string {
	synctest.Wait()
	select {
	case err := <-r.answer:
		r.answer <- err
		if err != nil {
			return err.Error()
		}
		return "through"
	default:
		return "waits"
	}
}

func states(requests []*request) (all []string) {
	for _, r := range requests {
		all = append(all, r.state())
	}
	return all
}

func expect(t *testing.T, when string, requests []*request, want ...string) {
	t.Helper()
	if got := states(requests); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

func TestGateQueuesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2, 2, time.Second)
		var all []*request
		for range 5 {
			all = append(all, arrive(t.Context(), g))
		}
		full := ErrFull.Error()
		expect(t, "five for two places", all, "through", "through", "waits", "waits", full)
		g.Release()
		expect(t, "one has left", all, "through", "through", "through", "waits", full)
		all = append(all, arrive(t.Context(), g))
		expect(t, "a newcomer does not overtake", all, "through", "through", "through", "waits", full, "waits")
		g.Release()
		g.Release()
		expect(t, "two more have left", all, "through", "through", "through", "through", full, "through")
		if g.InFlight() != 2 || g.Waiting() != 0 {
			t.Errorf("%d in flight, %d waiting; want 2 and 0", g.InFlight(), g.Waiting())
		}
	})
}

func TestGateQueueTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 5, 300*time.Millisecond)
		first := arrive(t.Context(), g)
		late := arrive(t.Context(), g)
		time.Sleep(200 * time.Millisecond)
		second := arrive(t.Context(), g)
		time.Sleep(150 * time.Millisecond)
		expect(t, "one has waited too long", []*request{first, late, second}, "through", ErrQueueTimeout.Error(), "waits")
		if late.waited != 300*time.Millisecond {
			t.Errorf("gave up after %v", late.waited)
		}
		g.Release()
		expect(t, "the other gets the place", []*request{second}, "through")
	})
}

func TestGateWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 1, time.Minute)
		arrive(t.Context(), g)
		gone := errors.New("client has gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		r := arrive(ctx, g)
		cancel(gone)
		synctest.Wait()
		if err := <-r.answer; !errors.Is(err, gone) {
			t.Errorf("error %v, want one that wraps %q", err, gone)
		}
		if g.Waiting() != 0 {
			t.Errorf("%d waiting", g.Waiting())
		}
	})
}

func TestGateFollowsItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 3, time.Minute)
		var all []*request
		for range 4 {
			all = append(all, arrive(t.Context(), g))
		}
		expect(t, "limit 1", all, "through", "waits", "waits", "waits")
		g.SetLimit(3)
		expect(t, "limit 3", all, "through", "through", "through", "waits")
		g.SetLimit(1)
		g.Release()
		g.Release()
		expect(t, "limit 1 again, one in flight", all, "through", "through", "through", "waits")
		g.SetLimit(0)
		expect(t, "no limit", all, "through", "through", "through", "through")
	})
}

func TestGateWithoutQueueAndWithoutLimit(t *testing.T) {
	g := NewGate(1, 0, 0)
	if err := g.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Acquire(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("error %v, want ErrFull", err)
	}
	if g.TryAcquire() {
		t.Error("TryAcquire found a place")
	}
	if g.Release(); !g.TryAcquire() {
		t.Error("TryAcquire found no place")
	}
	var open Gate
	for range 1000 {
		if err := open.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if open.InFlight() != 1000 || open.Limit() != 0 {
		t.Errorf("the zero gate has %d in flight under limit %d", open.InFlight(), open.Limit())
	}
}

// TestGateUnderPressure holds the two promises: never more in flight than the
// limit, and never a request that waits beside a free place.
func TestGateUnderPressure(t *testing.T) {
	const limit, workers, rounds = 3, 16, 2000
	g := NewGate(limit, workers, time.Minute)
	var inside, most, done atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				if err := g.Acquire(t.Context()); err != nil {
					t.Error(err)
					return
				}
				n := inside.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				inside.Add(-1)
				done.Add(1)
				g.Release()
			}
		})
	}
	wg.Wait()
	if most.Load() > limit || done.Load() != workers*rounds || g.InFlight() != 0 || g.Waiting() != 0 {
		t.Errorf("most %d at once, %d of %d done, %d in flight and %d waiting at the end",
			most.Load(), done.Load(), workers*rounds, g.InFlight(), g.Waiting())
	}
}

func TestGateDoesNotAllocateUnlessItWaits(t *testing.T) {
	g := NewGate(1, 0, 0)
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() { _ = g.Acquire(ctx); g.Release() }); n != 0 {
		t.Errorf("Acquire and Release allocate %v times", n)
	}
	g.TryAcquire()
	if n := testing.AllocsPerRun(1000, func() { _ = g.Acquire(ctx) }); n != 0 {
		t.Errorf("being turned away allocates %v times", n)
	}
}

func BenchmarkGate(b *testing.B) {
	g := NewGate(100, 10, 0)
	ctx := b.Context()
	for b.Loop() {
		_ = g.Acquire(ctx)
		g.Release()
	}
}
