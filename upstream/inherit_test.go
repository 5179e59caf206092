package upstream

import (
	"testing"
	"time"

	"pingap-go/endpoint"
	"pingap-go/health"
)

// heir puts another pool in the place of the rig's, as a reload does, and leaves
// the old one to its end.
func (r *rig) heir(sameLink bool, set func(*Options)) (old *Pool) {
	old = r.Pool
	stop := r.stop
	next := r.pool(func(o *Options) {
		o.InFlight = old.InFlight()
		set(o)
	})
	next.Inherit(r.t.Context(), old, sameLink)
	r.Pool = next
	r.start()
	stop()
	pass(time.Millisecond)
	return old
}

func TestAChangedPolicyForgetsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { checked(o); o.Ejection = health.Rules{BaseTime: 10 * time.Second} })
		r.clinic.says("ill:80", "answered 503")
		r.registry.lists(one("a"), one("b"), one("c"), one("ill"))
		pass(100 * time.Millisecond)
		r.fail("a", 5)
		open := r.must()
		before, ill := r.of("a"), r.of("ill")
		pass(8 * time.Second)
		old := r.heir(true, func(o *Options) {
			checked(o)
			o.Algorithm = "least_conn"
			o.Ejection = health.Rules{BaseTime: 20 * time.Second}
		})
		if !r.Ready() || r.Status().Stale {
			t.Errorf("it is not ready at once: %+v", r.Status())
		}
		r.wantVerdict("a", health.Ejected, "probe ok; ejected for 10s")
		if after := r.of("a"); after.Requests != before.Requests || after.Since != before.Since || after.Latency == 0 {
			t.Errorf("before %+v\nafter %+v", before, after)
		}
		if after := r.of("ill"); after.Verdict != health.Down || after.Since != ill.Since {
			t.Errorf("before %+v\nafter %+v", ill, after)
		}
		if e := r.of(open.host.id()); e.InFlight != 1 {
			t.Errorf("%d tries under way are known, not one", e.InFlight)
		}
		open.answer(200)
		if e := r.of(open.host.id()); e.InFlight != 0 || r.InFlight().Load() != 0 {
			t.Errorf("%d are under way at the host, %d in the pool", e.InFlight, r.InFlight().Load())
		}
		pass(2100 * time.Millisecond)
		r.wantVerdict("a", health.Up, "probe ok; on trial")
		r.registry.lists(one("a"), one("b"))
		r.wantSpread("a", "b")
		if len(old.hosts) > 0 || r.series(`pingap_upstream_requests_total{code="200",endpoint="b"`) != 1 {
			t.Error("the old pool has let go of what the new one uses")
		}
	})
}

func TestAChangedCheckKeepsOldResultsUntilItReports(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*Options)
	}{
		{"from another check", checked},
		{"from no check", func(*Options) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := run(t, c.before)
				r.registry.lists(one("a"), one("b"))
				pass(100 * time.Millisecond)
				r.clinic.says("a:80", silent)
				r.clinic.says("b:80", silent)
				r.heir(true, checked)
				r.wantVerdict("a", health.Up, "")
				r.wantSpread("a", "b")
			})
		})
	}
}

func TestWhenToHedgeIsInherited(t *testing.T) {
	p95 := func(o *Options) { o.Hedge.Percentile = 95 }
	bubble(t, func(t *testing.T) {
		r := run(t, p95)
		r.registry.lists(one("a"))
		r.spread(100)
		r.heir(true, p95)
		pass(time.Second)
		if after := r.HedgeAfter(); after == 0 {
			t.Error("nothing is known of the latencies")
		}
	})
}

func TestACheckThatIsTakenAwayHasNoSayAnyMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, checked)
		r.clinic.says("a:80", "answered 503")
		r.registry.lists(one("a"), one("b"))
		pass(100 * time.Millisecond)
		r.wantSpread("b")
		r.heir(true, func(*Options) {})
		r.wantSpread("a", "b")
	})
}

func TestDrainingHostsAreInheritedToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"))
		l := r.must()
		r.registry.lists(one("b"))
		r.heir(false, func(*Options) {})
		r.wantVerdict("a", health.Draining, "no longer listed")
		l.answer(200)
		pass(3 * time.Second)
		if n := len(endpointsOf(r.Status())); n != 1 {
			t.Errorf("%d endpoints are left", n)
		}
	})
}

func TestAPoolWithoutMembersLeavesTheHeirWaiting(t *testing.T) {
	seed := endpoint.NewSnapshot(endpoint.Source{Kind: "test"}, []endpoint.Endpoint{one("old")}, "")
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.heir(true, func(o *Options) { seed.Saved = time.Now(); o.Seed = &seed })
		if r.Ready() {
			t.Error("it is ready without members")
		}
		pass(300 * time.Millisecond)
		r.wantSpread("old")
	})
}

func TestNothingIsInheritedFromAPoolThatHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"))
		r.stop()
		r.heir(true, func(*Options) {})
		if r.Ready() {
			t.Error("it has members")
		}
		r.registry.lists(one("b"))
		r.wantSpread("b")
	})
}
