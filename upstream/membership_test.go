package upstream

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/message"
)

func getRequest() *message.Request {
	return &message.Request{Method: "GET", Path: "/", Target: "/"}
}

func TestMembersComeStayAndGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		if r.Ready() {
			t.Error("a pool without an answer says that it is ready")
		}
		r.registry.lists(one("a"), one("b"))
		r.wantSpread("a", "b")
		r.registry.lists(one("b"), one("c"))
		r.wantSpread("b", "c")
		r.wantVerdict("a", health.Draining, "no longer listed by test")
		r.registry.lists(one("a"), one("b"), one("c"))
		r.wantSpread("a", "b", "c")
	})
}

func TestARemovedHostGoesWhenItsLastRequestHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"))
		l := r.must()
		r.registry.lists(one("b"))
		pass(time.Hour)
		r.wantVerdict("a", health.Draining, "no longer listed")
		if e := r.of("a"); e.InFlight != 1 {
			t.Errorf("it has %d requests in flight, not 1", e.InFlight)
		}
		l.answer(200)
		if r.series(`endpoint="a"`) != 1 {
			t.Error("its series is gone before it is")
		}
		pass(3 * time.Second)
		if n := len(endpointsOf(r.Status())); n != 1 {
			t.Errorf("%d endpoints are left, not 1", n)
		}
		if n := r.series(`endpoint="a"`); n != 0 {
			t.Errorf("%d series of it are left", n)
		}
		if n := r.log.Count("endpoint is draining"); n != 1 {
			t.Errorf("%d lines say that it drains, not one", n)
		}
	})
}

// A request that has loaded the view before a host left it may not have counted
// itself yet: the host does not go in the same moment.
func TestARemovedHostWaitsForRequestsThatAreAboutToBegin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"))
		pass(990 * time.Millisecond) // just before the pool looks at what drains
		r.registry.lists(one("b"))
		pass(20 * time.Millisecond)
		r.wantVerdict("a", health.Draining, "no longer listed")
		pass(2 * time.Second)
		if n := len(endpointsOf(r.Status())); n != 1 {
			t.Errorf("%d endpoints are left", n)
		}
	})
}

func TestAHostThatComesBackWhileItDrainsIsTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"), one("b"))
		l := r.must()
		id := l.host.id()
		r.registry.lists()
		r.registry.lists(one("a"), one("b"))
		if e := r.of(id); e.Verdict != health.Up || e.InFlight != 1 || e.Requests != 1 {
			t.Errorf("it came back as %+v", e)
		}
		l.answer(200)
		pass(time.Minute)
		r.wantSpread("a", "b")
	})
}

// What a registry rewrites (Nomad: tags at a promotion) changes nothing about
// the instance: latency, counters and the ejection's clock go on.
func TestTagsAndWeightsChangeNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Ejection = health.Rules{BaseTime: 10 * time.Second} })
		r.registry.lists(one("a"), one("b"))
		r.fail("a", 5)
		r.wantVerdict("a", health.Ejected, "ejected for 10s")
		before := r.of("a")
		pass(6 * time.Second)
		r.registry.lists(with(one("a"), func(e *endpoint.Endpoint) { e.Tags, e.Weight = []string{"v2"}, 5 }), one("b"))
		after := r.of("a")
		if after.Endpoint.Weight != 5 || after.Endpoint.Tags[0] != "v2" {
			t.Errorf("the new description is not shown: %+v", after.Endpoint)
		}
		if after.Requests != before.Requests || after.Failures != 5 || after.Latency == 0 || after.Since != before.Since {
			t.Errorf("before %+v\nafter %+v", before, after)
		}
		r.wantVerdict("a", health.Ejected, "ejected for 10s")
		pass(4100 * time.Millisecond)
		r.wantVerdict("a", health.Up, "on trial")
	})
}

func TestWeightsTakeEffectAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"), one("b"))
		r.registry.lists(one("a"), with(one("b"), func(e *endpoint.Endpoint) { e.Weight = 3 }))
		if got := r.spread(40); got["a"] != 10 || got["b"] != 30 {
			t.Errorf("weights 1 and 3 give %v", got)
		}
	})
}

func TestTwoInstancesOnOneAddressAreTwo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		at := func(id string) endpoint.Endpoint {
			return with(one(id), func(e *endpoint.Endpoint) { e.Address = "10.0.0.1:80" })
		}
		r.registry.lists(at("a"), at("b"))
		for range 4 {
			l := r.must()
			l.answer(200)
		}
		if a, b := r.of("a"), r.of("b"); a.Requests != 2 || b.Requests != 2 {
			t.Errorf("a has had %d requests, b %d", a.Requests, b.Requests)
		}
		r.registry.lists(at("b"))
		l := r.must()
		defer l.answer(200)
		if l.host.id() != "b" {
			t.Errorf("%s serves", l.host.id())
		}
	})
}

func TestAnEmptyAnswerIsNewsAndAnErrorIsNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"))
		for range 50 {
			r.registry.fails("connection refused")
			pass(time.Minute)
		}
		r.wantSpread("a")
		s := r.Status()
		if !s.Stale || s.LastError != "connection refused" || time.Since(s.LastSuccess) < 50*time.Minute {
			t.Errorf("the status hides the trouble: %+v", s)
		}
		r.registry.lists(one("a"))
		if s := r.Status(); s.Stale || s.LastError != "" || time.Since(s.LastSuccess) != 0 {
			t.Errorf("the status hides the recovery: %+v", s)
		}
		if stale, live := r.log.Count("membership is stale"), r.log.Count("membership is live"); stale != 1 || live != 2 {
			t.Errorf("%d lines say stale, %d live: want one and two", stale, live)
		}
		r.registry.lists()
		if _, err := r.lease(); err == nil {
			t.Error("an empty pool gives leases")
		}
		if c := r.Status().Condition; c != endpoint.Empty {
			t.Errorf("the condition is %s", c)
		}
	})
}

// A datacenter that is away is one outage, however often the members of the others
// change meanwhile: the log tells its beginning and its end.
func TestAPartInDoubtIsToldOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		reporter := discovery.Reporter{Sink: r.registry.sink}
		say := func(doubt error, ids ...string) {
			endpoints := make([]endpoint.Endpoint, 0, len(ids))
			for _, id := range ids {
				endpoints = append(endpoints, one(id))
			}
			reporter.Say(endpoint.NewSnapshot(endpoint.Source{Kind: "test"}, endpoints, endpoint.Empty), doubt)
			synctest.Wait()
		}
		told := func(stale, live int) {
			t.Helper()
			if s, l := r.log.Count("membership is stale"), r.log.Count("membership is live"); s != stale || l != live {
				t.Errorf("%d lines say stale, %d live: want %d and %d", s, l, stale, live)
			}
			if s := r.Status(); s.Stale != (stale > live-1) {
				t.Errorf("the status says stale: %v", s.Stale)
			}
		}
		away := errors.New("no path to datacenter")
		say(away, "a")
		told(1, 1)
		say(away, "a", "b")
		say(away, "b")
		say(away)
		say(away, "c")
		told(1, 1)
		r.wantSpread("c")
		say(nil, "c")
		told(1, 2)
		say(away, "c")
		told(2, 2)
	})
}

func TestOnEmptyKeepKeeps(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.KeepEmpty = true })
		r.registry.lists(one("a"))
		r.registry.lists()
		r.wantSpread("a")
		if c := r.Status().Condition; c != endpoint.Empty {
			t.Errorf("what the registry said is hidden: %s", c)
		}
		r.registry.lists(one("b"))
		r.wantSpread("b")
	})
}

func TestTiersFailOverAndHandBack(t *testing.T) {
	second := with(one("b"), func(e *endpoint.Endpoint) { e.Tier = 1 })
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"), second)
		r.wantSpread("a")
		r.registry.lists(barred("a", "critical"), second)
		r.wantSpread("b")
		if tier := r.Status().Tier; tier != 1 {
			t.Errorf("the status says that tier %d serves", tier)
		}
		r.registry.lists(one("a"), second)
		r.wantSpread("a")
	})
}

func TestARegistryThatIsLateIsStoodInForByWhatWasSaved(t *testing.T) {
	seed := endpoint.NewSnapshot(endpoint.Source{Kind: "test"}, []endpoint.Endpoint{one("old")}, "")
	for _, c := range []struct {
		name  string
		until time.Duration // nothing is served before
		fails bool
	}{
		{"that says nothing", 299 * time.Millisecond, false},
		{"that answers with an error", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				seed.Saved = time.Now().Add(-time.Hour)
				r := run(t, func(o *Options) { o.Seed = &seed })
				pass(c.until)
				if r.Ready() {
					t.Error("it is ready too early")
				}
				if c.fails {
					r.registry.fails("connection refused")
				}
				pass(time.Millisecond)
				r.wantSpread("old")
				s := r.Status()
				if !r.Ready() || !s.Stale || s.Saved != seed.Saved || s.LastSuccess != seed.Saved {
					t.Errorf("it does not say how old it is: %+v", s)
				}
				r.registry.lists(one("new"))
				r.wantSpread("new")
				if s := r.Status(); s.Stale || !s.Saved.IsZero() {
					t.Errorf("it does not say that it is live: %+v", s)
				}
			})
		})
	}
}

func TestARegistryThatIsQuickIsNotStoodInFor(t *testing.T) {
	seed := endpoint.NewSnapshot(endpoint.Source{Kind: "test"}, []endpoint.Endpoint{one("old")}, "")
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Seed = &seed })
		pass(200 * time.Millisecond)
		r.registry.lists(one("new"))
		pass(time.Second)
		r.wantSpread("new")
		if n := r.log.Count("serving from saved"); n != 0 {
			t.Errorf("%d lines say that it serves from what was saved", n)
		}
	})
}
