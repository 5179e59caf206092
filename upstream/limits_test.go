package upstream

import (
	"errors"
	"strings"
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
		synctest.Wait() // until that lease, too, has ended
		if n := r.gate.InFlight(); n != 0 {
			t.Errorf("%d places are taken in the end", n)
		}
	})
}

// The wait for a place is held against no host.
func TestTheQueueIsNotTheHostsTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Gate = limit.NewGate(1, 1, time.Minute) })
		r.registry.lists(one("a"))
		first := r.must()
		done := make(chan struct{})
		go func() {
			defer close(done)
			l := r.must()
			pass(200 * time.Millisecond)
			l.Failed(HeadTimeout, nil)
		}()
		pass(30 * time.Second)
		first.answer(200)
		<-done
		if e := r.of("a"); e.Latency > 300*time.Millisecond {
			t.Errorf("after a time-out of 200 ms its latency is %s", e.Latency)
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
					open[i].Done()
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
		l.Failed(HeadTimeout, nil)
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
			r.Begin(&ask, r.now(), request, "")
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
			r.Begin(&ask, r.now(), request, "192.0.2.1")
			if ask.Key != want {
				t.Errorf("the key is %q, want %q", ask.Key, want)
			}
		})
	}
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
				r.Begin(&ask, r.now(), request, "192.0.2.1")
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
