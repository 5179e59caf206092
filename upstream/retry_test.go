package upstream

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/balance"
)

func TestARetryGoesToAnotherHostWhileOneIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"), one("b"), one("c"))
		var ask balance.Ask
		var tried []string
		for range 3 {
			l, err := r.leaseFor(&ask)
			if err != nil {
				t.Fatal(err)
			}
			tried = append(tried, l.Address())
			l.Failed(ConnectFailed, nil)
		}
		slices.Sort(tried)
		if want := []string{"a:80", "b:80", "c:80"}; !slices.Equal(tried, want) {
			t.Errorf("tried %v", tried)
		}
	})
}

func TestWhatIsRetried(t *testing.T) {
	for _, c := range []struct {
		name   string
		on     []Reason
		reason Reason
		safe   bool
		want   bool
	}{
		{"a connect failure, always", nil, ConnectFailed, false, true},
		{"a refused stream, as one", nil, Refused, false, true},
		{"a reset of a GET", nil, Reset, true, true},
		{"a reset of a POST", nil, Reset, false, false},
		{"a time-out of a GET", nil, HeadTimeout, true, true},
		{"a 503 to a GET", nil, "503", true, true},
		{"a 503 to a POST", nil, "503", false, false},
		{"a 500, not by default", nil, "500", true, false},
		{"a 500 that is asked for", []Reason{"500"}, "500", true, true},
		{"a 500 to a POST, never", []Reason{"500"}, "500", false, false},
		{"a 503 where only 500 is asked for", []Reason{"500"}, "503", true, false},
		{"a client that left", nil, ClientGone, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := prepare(t, func(o *Options) { o.Retry.On = c.on })
			if got := r.Retryable(c.reason, c.safe); got != c.want {
				t.Errorf("retried: %v", got)
			}
		})
	}
}

// In a storm everything fails and is retried; the budget decides how much the
// upstream gets.
func TestARetryStormStaysWithinTheBudget(t *testing.T) {
	for _, c := range []struct {
		name string
		took time.Duration // until a try has failed
	}{
		{"of answers at once", 0},
		{"of time-outs longer than the budget's window", time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := run(t, nil)
				r.registry.lists(one("a"), one("b"), one("c"))
				var tries atomic.Int64
				var attempt func(left int, ask *balance.Ask)
				attempt = func(left int, ask *balance.Ask) {
					l, err := r.Lease(context.Background(), ask)
					if err != nil {
						t.Error(err)
						return
					}
					tries.Add(1)
					time.AfterFunc(c.took, func() {
						l.Failed(HeadTimeout, nil)
						if left > 1 && r.Withdraw(ask) {
							attempt(left-1, ask)
						}
					})
				}
				const requests = 20_000 // in 500 seconds
				for range requests {
					ask := new(balance.Ask)
					r.Begin(ask, r.now(), getRequest(), "")
					attempt(3, ask)
					pass(25 * time.Millisecond)
				}
				pass(5 * time.Minute)
				load := float64(tries.Load()) / requests
				if t.Logf("upstream load is %.3f times the clients'", load); load > 1.2 || load < 1.17 {
					t.Errorf("upstream load is %.3f times the clients', want 1.2 at most, and nearly that", load)
				}
			})
		})
	}
}

func TestWhenToHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fixed := run(t, func(o *Options) { o.Hedge.After = 20 * time.Millisecond })
		if after := fixed.HedgeAfter(); after != 20*time.Millisecond {
			t.Errorf("after %s", after)
		}
		never := run(t, nil)
		if after := never.HedgeAfter(); after != 0 {
			t.Errorf("after %s", after)
		}
		p95 := run(t, func(o *Options) { o.Hedge.Percentile = 95 })
		p95.registry.lists(one("a"))
		answers := func(took func(i int) time.Duration) {
			for i := range 1000 {
				l := p95.must()
				l.Answered(200, l.began, took(i))
				l.Done()
			}
			pass(time.Second)
		}
		if after := p95.HedgeAfter(); after != 0 {
			t.Errorf("after %s, with nothing known", after)
		}
		answers(func(i int) time.Duration { return time.Duration(i) * 100 * time.Microsecond })
		if after := p95.HedgeAfter(); after < 95*time.Millisecond || after > 120*time.Millisecond {
			t.Errorf("after %s, want the 95 ms of p95 within a quarter", after)
		}
		pass(10 * time.Minute)
		answers(func(int) time.Duration { return time.Millisecond })
		if after := p95.HedgeAfter(); after > 1300*time.Microsecond {
			t.Errorf("after %s, when all is quick again", after)
		}
	})
}

func TestBackoffGrowsAndListens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Retry.Backoff = 100 * time.Millisecond })
		for _, c := range []struct {
			try   int
			other bool
			most  time.Duration
		}{{1, true, 0}, {1, false, 100}, {2, true, 100}, {3, true, 200}, {4, false, 400}} {
			c.most *= time.Millisecond
			began := time.Now()
			if !r.Backoff(t.Context(), Reset, c.try, c.other) {
				t.Error("it gave up")
			}
			if took := time.Since(began); took < c.most/2 || took > c.most {
				t.Errorf("before try %d it waited %s, want %s to %s", c.try+1, took, c.most/2, c.most)
			}
		}
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r.Backoff(ctx, Reset, 3, false) || !r.Backoff(t.Context(), ConnectFailed, 3, false) || time.Since(began) > 0 {
			t.Error("it waited for a client that has gone, or after a failed connect")
		}
	})
}
