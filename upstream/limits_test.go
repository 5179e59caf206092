package upstream

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/balance"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/message"
	"pingap-go/upstream/limit"
)

// wantShed wants a 503 that says when to come back.
func wantShed(t *testing.T, err error, why error) {
	t.Helper()
	var f *message.Fault
	if !errors.As(err, &f) || f.Status != 503 || f.Type != "no_endpoint" || f.RetryAfter < 1 {
		t.Errorf("the answer is %+v", err)
	}
	if why != nil && !errors.Is(err, why) {
		t.Errorf("the cause is %v, want %v", err, why)
	}
}

func TestNoHostHasMoreThanItsBound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.MaxPerHost = 2 })
		r.registry.lists(one("a"), one("b"))
		var open []Lease
		for range 4 {
			open = append(open, r.must())
		}
		_, err := r.lease()
		wantShed(t, err, nil)
		open[0].answer(200)
		if l := r.must(); l.host != open[0].host {
			t.Error("the wrong host has room")
		}
	})
}

func TestAPoolSheds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Gate = limit.NewGate(1, 1, time.Second) })
		r.registry.lists(one("a"))
		first := r.must()
		began := time.Now()
		queued := make(chan error)
		go func() {
			l, err := r.lease()
			if err == nil {
				defer l.answer(200)
			}
			queued <- err
		}()
		synctest.Wait()
		_, err := r.lease()
		wantShed(t, err, limit.ErrFull)
		wantShed(t, <-queued, limit.ErrQueueTimeout)
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("it waited %s in the queue", waited)
		}
		go func() {
			l, err := r.lease()
			if err == nil {
				defer l.answer(200)
			}
			queued <- err
		}()
		synctest.Wait()
		first.answer(200)
		if err := <-queued; err != nil {
			t.Errorf("there was room: %v", err)
		}
		if n := r.gate.InFlight(); n != 0 {
			t.Errorf("%d places are taken in the end", n)
		}
	})
}

func TestAPickThatFindsNobodyGivesItsPlaceBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Gate = limit.NewGate(1, 0, time.Second) })
		for range 3 {
			_, err := r.lease()
			wantShed(t, err, nil)
		}
		r.registry.lists(one("a"))
		r.wantSpread("a")
	})
}

func TestALimitThatAdaptsShedsWhenAnswersGetSlow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := limit.NewAdaptive(limit.AdaptiveRules{})
		r := run(t, func(o *Options) { o.Adaptive, o.Gate = a, limit.NewGate(a.Limit(), 0, 0) })
		r.registry.lists(one("a"))
		load := func(rounds int, took time.Duration) (shed int) {
			for range rounds {
				var open []Lease
				for range 50 {
					if l, err := r.lease(); err == nil {
						open = append(open, l)
					} else {
						shed++
					}
				}
				pass(took)
				for i := range open {
					open[i].Answered(200, open[i].began, took)
					open[i].Done(true)
				}
			}
			return shed
		}
		load(400, 10*time.Millisecond)
		if quick := a.Limit(); quick < 30 {
			t.Fatalf("while all is well the limit is %d", quick)
		}
		load(200, 300*time.Millisecond)
		if slow := a.Limit(); slow > 20 || load(1, 300*time.Millisecond) == 0 {
			t.Errorf("answers take thirty times as long and the limit is %d", slow)
		}
	})
}

func TestTimeOutsCountAsSlowAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"))
		l := r.must()
		pass(2 * time.Second)
		l.Failed(Timeout)
		if e := r.of("a"); e.Latency < 2*time.Second || e.Failures != 1 {
			t.Errorf("after a time-out of 2 s: %+v", e)
		}
	})
}

func TestAStickyClientStaysWhileItsHostDoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Sticky, o.Cookie = true, "route" })
		r.registry.lists(one("a"), one("b"), one("c"))
		var ask balance.Ask
		l, err := r.leaseFor(&ask)
		if err != nil {
			t.Fatal(err)
		}
		home := l.Address()
		cookie := l.StickyCookie(&ask)
		l.answer(200)
		pair, attributes, _ := strings.Cut(cookie, ";")
		if !strings.HasPrefix(pair, "route=") || strings.Contains(pair, "80") || !strings.Contains(attributes, "HttpOnly") {
			t.Fatalf("the cookie is %q", cookie)
		}
		back := func() string {
			request := getRequest()
			request.Header.Add("Cookie", "x=1; "+pair)
			ask.Reset()
			r.Begin(&ask, request, "")
			l, err := r.Lease(t.Context(), &ask)
			if err != nil {
				t.Fatal(err)
			}
			defer l.answer(200)
			if l.Address() == home && l.StickyCookie(&ask) != "" {
				t.Error("it gets its cookie again")
			}
			return l.Address()
		}
		all := []string{"a:80", "b:80", "c:80", "d:80"}
		for _, gone := range all {
			var left []endpoint.Endpoint
			for _, a := range all {
				if a != gone || a == home {
					left = append(left, one(strings.TrimSuffix(a, ":80")))
				}
			}
			r.registry.lists(left...)
			if at := back(); at != home {
				t.Errorf("without %s the client goes to %s, not %s", gone, at, home)
			}
		}
		r.heir(true, func(o *Options) { o.Sticky, o.Cookie, o.Algorithm = true, "route", "p2c" })
		if at := back(); at != home {
			t.Errorf("after a reload the client goes to %s, not %s", at, home)
		}
		r.registry.lists(one("new"))
		if at := back(); at != "new:80" {
			t.Errorf("without its host the client goes to %s", at)
		}
	})
}

func TestHashKeysAreTakenFromTheRequest(t *testing.T) {
	request := &message.Request{Method: "GET", Path: "/p", Target: "/p?q=1&x=query", Query: "q=1&x=query", HasQuery: true}
	request.Header.Add("X-Tenant", "header")
	request.Header.Add("Cookie", "a=b; tenant=cookie")
	for algorithm, want := range map[string]string{
		"ip_hash": "192.0.2.1", "hash:ip": "192.0.2.1", "hash:url": "/p?q=1&x=query", "hash:path": "/p",
		"hash:header:x-tenant": "header", "hash:cookie:tenant": "cookie", "hash:query:x": "query", "round_robin": "",
	} {
		t.Run(algorithm, func(t *testing.T) {
			r := prepare(t, func(o *Options) {
				o.Algorithm = algorithm
				o.Key, _ = balance.ParseKey(algorithm)
			})
			var ask balance.Ask
			r.Begin(&ask, request, "192.0.2.1")
			if ask.Key != want {
				t.Errorf("the key is %q, want %q", ask.Key, want)
			}
		})
	}
}

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
			l.Failed(ConnectFailed)
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
		{"a time-out of a GET", nil, Timeout, true, true},
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
						l.Failed(Timeout)
						if left > 1 && r.Withdraw(ask) {
							attempt(left-1, ask)
						}
					})
				}
				const requests = 20_000 // in 500 seconds
				for range requests {
					ask := new(balance.Ask)
					r.Begin(ask, getRequest(), "")
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
				l.Done(true)
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
		for try, most := range []time.Duration{0, 100, 200, 400} {
			if try == 0 {
				continue
			}
			most *= time.Millisecond
			began := time.Now()
			if !r.Backoff(t.Context(), Reset, try) {
				t.Error("it gave up")
			}
			if took := time.Since(began); took < most/2 || took > most {
				t.Errorf("before try %d it waited %s, want %s to %s", try+1, took, most/2, most)
			}
		}
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r.Backoff(ctx, Reset, 3) || !r.Backoff(t.Context(), ConnectFailed, 3) || time.Since(began) > 0 {
			t.Error("it waited for a client that has gone, or after a failed connect")
		}
	})
}

func TestALeaseAllocatesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, algorithm := range []string{"round_robin", "least_conn", "p2c", "ewma", "random", "ip_hash"} {
			r := run(t, func(o *Options) {
				o.Algorithm = algorithm
				o.Key, _ = balance.ParseKey(algorithm)
				o.Ejection = health.Rules{}
				o.Gate = limit.NewGate(100, 10, time.Second)
				o.Sticky, o.Cookie = true, "route"
			})
			r.registry.lists(many(10)...)
			r.spread(1000) // each host has its counter of 200s
			request, ctx := getRequest(), t.Context()
			var ask balance.Ask
			if n := testing.AllocsPerRun(100, func() {
				ask.Reset()
				r.Begin(&ask, request, "192.0.2.1")
				l, err := r.Lease(ctx, &ask)
				if err != nil {
					t.Fatal(err)
				}
				l.answer(200)
			}); n != 0 {
				t.Errorf("%s: a lease costs %v allocations", algorithm, n)
			}
		}
	})
}
