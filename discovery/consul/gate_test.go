package consul

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestGateLetsInByArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate("http", 2)
		var order []int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if err := g.enter(t.Context(), false); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				time.Sleep(time.Minute)
				g.leave()
			})
		}
		start := time.Now()
		all.Wait()
		if got := fmt.Sprint(order); got != "[0 1 2 3 4]" || time.Since(start) < 3*time.Minute {
			t.Errorf("order %s in %s", got, time.Since(start))
		}
	})
}

// Watches that begin do not stand in line behind those that wait for news.
func TestGateLetsInUrgentOnesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate("http", 1)
		var order []int
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if err := g.enter(t.Context(), i >= 4); err != nil {
					t.Error(err)
				}
				order = append(order, i)
				time.Sleep(time.Minute)
				g.leave()
			})
		}
		all.Wait()
		if got := fmt.Sprint(order); got != "[0 4 5 1 2 3]" {
			t.Errorf("order %s", got)
		}
	})
}

func TestGateForgetsThoseThatLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate("https", 2)
		if err := g.enter(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		late := errors.New("too late")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, late)
		defer cancel()
		if err := g.enter(ctx, false); !errors.Is(err, late) {
			t.Errorf("error %v: until the first answer TLS gets one query at a time", err)
		}
		if len(g.waiting) != 0 || g.inside != 1 {
			t.Errorf("%d wait, %d are inside", len(g.waiting), g.inside)
		}
		g.learn(2)
		for range 1000 {
			if err := g.enter(ctx, false); err != nil {
				t.Fatal(err)
			}
		}
		g.learn(1)
		if g.places() != 2 {
			t.Errorf("%d places over HTTP/1", g.places())
		}
	})
}

func TestTurnsAreShortWhenWatchesAreMany(t *testing.T) {
	c, err := NewClient(Options{Address: "127.0.0.1:1", Heartbeat: -1})
	if err != nil {
		t.Fatal(err)
	}
	watches := 0
	for _, step := range []struct {
		watches int
		wait    time.Duration
	}{{100, 5 * time.Minute}, {101, 2 * time.Second}, {200, 2 * time.Second}, {300, time.Second}, {1100, time.Second / 5}} {
		before, _ := c.turn()
		for ; watches < step.watches; watches++ {
			t.Cleanup(c.join())
		}
		after, wait := c.turn()
		if wait != step.wait {
			t.Errorf("with %d watches the wait is %s, not %s", step.watches, wait, step.wait)
		}
		if cut := errors.Is(context.Cause(before.ctx), errTurn); cut != (step.watches == 101) || cut == (after == before) {
			t.Errorf("with %d watches the long waits were ended: %t", step.watches, cut)
		}
	}
}
