package proxy_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

// The second host may be asked over a connection that was kept, which has served on
// other loops and for other clients: whoever waits for it now must be the one who is
// woken.
func TestHedgesGoOverKeptConnections(t *testing.T) {
	for name, loops := range map[string]int{"one loop": 1, "two loops": 2} {
		t.Run(name, func(t *testing.T) { hedgesGoOverKeptConnections(t, loops) })
	}
}

func hedgesGoOverKeptConnections(t *testing.T, loops int) {
	const clients, requests = 12, 60
	const after = 3 * time.Millisecond
	var asked atomic.Int32
	script := func(v *visit) {
		for n := v.number; ; n++ { // the connections are not slow at the same time
			if _, _, err := v.request(); err != nil {
				return
			}
			asked.Add(1)
			if n%4 == 0 {
				<-time.After(4 * after)
			}
			v.say(hello)
		}
	}
	a, b := newOrigin(t, script), newOrigin(t, script)
	r := start(t, func(p *parts) {
		p.loops = loops
		p.pool.Hedge, p.pool.Budget = upstream.Hedge{After: after}, limit.NewBudget(1, 1000)
	}, a, b)
	var asking sync.WaitGroup
	for range clients {
		c := r.dial(t)
		asking.Go(func() {
			for range requests {
				if err := asks(c, get("/")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	asking.Wait()
	if n := asked.Load(); n <= clients*requests {
		t.Errorf("%d requests came for %d: nothing was hedged", n, clients*requests)
	}
}

// That a second host could have been asked gives the first one no more time.
func TestAHedgeDoesNotLengthenTheWait(t *testing.T) {
	const most = 3 * time.Second
	release := make(chan struct{})
	o := newOrigin(t, holding(release))
	t.Cleanup(func() { close(release) })
	r := start(t, func(p *parts) {
		once(p)
		p.location.ResponseTimeout, p.pool.Hedge = most, upstream.Hedge{After: most - 100*time.Millisecond}
	}, o)
	c, began := r.dial(t), time.Now()
	c.ask(get("/"), 504)
	if took := time.Since(began); took > most*11/6 {
		t.Errorf("the answer took %v", took)
	}
}
