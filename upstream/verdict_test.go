package upstream

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pingap-go/balance"
	"pingap-go/endpoint"
	"pingap-go/health"
)

// checked has a pool probe its hosts every second.
func checked(o *Options) {
	o.Check = &health.Check{Frequency: time.Second, DownFrequency: time.Second, Failure: 1}
}

func TestEachVoiceHasItsReason(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) {
			checked(o)
			o.Ejection = health.Rules{BaseTime: 10 * time.Second}
		})
		r.clinic.says("ill:80", "connection refused")
		noted := with(one("sick"), func(e *endpoint.Endpoint) { e.Note = "consul passing" })
		r.registry.lists(barred("barred", "consul critical: check web"), one("ill"), noted, one("well"), one("good"))
		pass(500 * time.Millisecond)
		r.fail("sick", 5)
		r.wantVerdict("barred", health.Down, "consul critical: check web")
		r.wantVerdict("ill", health.Down, "probe failed: connection refused")
		r.wantVerdict("sick", health.Ejected, "consul passing; probe ok; ejected for 10s: 5 consecutive 5xx")
		r.wantVerdict("well", health.Up, "probe ok")
		r.wantSpread("well", "good")
		if e := r.of("sick"); e.Registry != "consul passing" || e.Probe != "probe ok" || e.Ejection == "" {
			t.Errorf("the three voices are not told apart: %+v", e)
		}
		if n := r.series(`pingap_upstream_ejections_total{reason="consecutive_failures",upstream="api"} 1`); n != 1 {
			t.Errorf("the ejection is counted in %d series", n)
		}

		pass(20 * time.Second) // probes pass all the time; it is the trial that counts
		r.wantVerdict("sick", health.Up, "consul passing; probe ok; on trial after ejection for 10s")
		r.spread(20)
		pass(time.Millisecond)
		r.wantVerdict("sick", health.Up, "consul passing; probe ok")
		r.wantSpread("sick", "well", "good")
	})
}

func TestNobodyIsProbedYet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, checked)
		r.clinic.says("a:80", silent)
		r.clinic.says("b:80", silent)
		r.registry.lists(one("a"), one("b"))
		r.wantVerdict("a", health.Unknown, "first probe under way")
		r.wantSpread("a", "b")
	})
}

func TestANewAddressIsProbedBeforeItServes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, checked)
		r.registry.lists(one("a"), one("b"))
		pass(100 * time.Millisecond)
		r.clinic.says("moved:80", silent)
		r.registry.lists(one("a"), with(one("b"), func(e *endpoint.Endpoint) { e.Address = "moved:80" }))
		r.wantVerdict("b", health.Unknown, "first probe under way")
		r.wantSpread("a")
		late := health.Target{ID: "b", Address: "b:80"}
		r.takeProbe(late, health.Result{Verdict: health.Up, Reason: "probe ok"})
		pass(time.Millisecond)
		r.wantVerdict("b", health.Unknown, "first probe under way")
	})
}

func TestPanicUsesAllRatherThanNone(t *testing.T) {
	for _, c := range []struct {
		name  string
		share float64
		ill   []string
		want  []string
		panic bool
	}{
		{"one of four is ill", 0, []string{"a"}, []string{"b", "c", "d"}, false},
		{"three of four are ill", 0, []string{"a", "b", "c"}, []string{"d"}, false},
		{"all are ill", 0, []string{"a", "b", "c", "d"}, []string{"a", "b", "c", "d"}, true},
		{"half is asked for and half is well", 0.5, []string{"a", "b"}, []string{"c", "d"}, false},
		{"half is asked for and less is well", 0.5, []string{"a", "b", "c"}, []string{"a", "b", "c", "d"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := run(t, func(o *Options) { checked(o); o.Panic = c.share })
				for _, id := range c.ill {
					r.clinic.says(id+":80", "answered 503")
				}
				r.registry.lists(one("a"), one("b"), one("c"), one("d"), barred("never", "maintenance"))
				pass(500 * time.Millisecond)
				r.wantSpread(c.want...)
				if got := r.Status().Panic; got != c.panic {
					t.Errorf("the status says panic: %v", got)
				}
			})
		})
	}
}

// A tier with too few hosts left makes way for a better one before all of it is
// used in panic.
func TestTiersFailOverBeforeThereIsPanic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { checked(o); o.Panic = 0.5 })
		second := func(id string) endpoint.Endpoint {
			return with(one(id), func(e *endpoint.Endpoint) { e.Tier = 1 })
		}
		r.registry.lists(one("a"), one("b"), one("c"), second("d"), second("e"), second("f"))
		for _, step := range []struct {
			ill   []string
			want  []string
			panic bool
		}{
			{nil, []string{"a", "b", "c"}, false},
			{[]string{"a"}, []string{"b", "c"}, false},
			{[]string{"a", "b"}, []string{"d", "e", "f"}, false},
			{[]string{"a", "b", "d"}, []string{"e", "f"}, false},
			{[]string{"a", "b", "d", "e"}, []string{"a", "b", "c"}, true},
		} {
			for _, id := range step.ill {
				r.clinic.says(id+":80", "answered 503")
			}
			pass(5 * time.Second) // more than an interval with its spread
			r.wantSpread(step.want...)
			if got := r.Status().Panic; got != step.panic {
				t.Errorf("with %v ill the status says panic: %v", step.ill, got)
			}
		}
	})
}

// The trial is made when the ejection is over, whatever the policy remembers of the
// host's failures.
func TestTrialsAreMadeUnderEveryPolicy(t *testing.T) {
	for _, algorithm := range []string{"round_robin", "least_conn", "random", "p2c", "ewma", "ip_hash"} {
		t.Run(algorithm, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := run(t, func(o *Options) { o.Algorithm, o.Ejection = algorithm, health.Rules{} })
				r.registry.lists(one("a"), one("b"), one("c"))
				for r.of("a").Verdict == health.Up {
					if l := r.must(); l.Address() == "a:80" {
						l.answer(500)
					} else {
						l.answer(200)
					}
					pass(10 * time.Millisecond)
				}
				pass(6 * time.Second)
				for range 60 {
					l := r.must()
					l.answer(200)
					pass(10 * time.Millisecond)
				}
				if e := r.of("a"); strings.Contains(e.Reason, "trial") {
					t.Errorf("after 60 requests it is %s: %s", e.Verdict, e.Reason)
				}
			})
		})
	}
}

// Slow start begins with full traffic, however long the trial took.
func TestSlowStartBeginsAfterTheTrial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) {
			o.Ejection, o.SlowStart = health.Rules{BaseTime: 5 * time.Second}, 10*time.Second
		})
		r.registry.lists(one("a"), one("b"))
		r.fail("a", 5)
		pass(6 * time.Second)
		trial := r.must()
		for trial.Address() != "a:80" {
			trial.answer(200)
			trial = r.must()
		}
		pass(20 * time.Second)
		trial.answer(200)
		pass(100 * time.Millisecond)
		if share := float64(r.spread(1000)["a"]) / 1000; share > 0.2 {
			t.Errorf("a host that is back from its trial gets %.2f at once", share)
		}
	})
}

func TestNewAndReturnedHostsStartSlowly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { checked(o); o.SlowStart = 10 * time.Second })
		r.registry.lists(one("a"))
		pass(time.Second)
		if got := r.spread(10); got["a"] != 10 {
			t.Errorf("the first member does not serve fully: %v", got)
		}
		r.registry.lists(one("a"), one("b"))
		share := func() float64 { return float64(r.spread(1000)["b"]) / 1000 }
		pass(100 * time.Millisecond)
		early := share()
		pass(4900 * time.Millisecond)
		middle := share()
		pass(5200 * time.Millisecond)
		late := share()
		if early > 0.1 || middle < 0.28 || middle > 0.38 || late < 0.49 {
			t.Errorf("its share is %.2f, %.2f, %.2f: want a tenth of 1, half of 1, and 1, beside 1", early, middle, late)
		}
		r.clinic.says("b:80", "answered 503")
		pass(2 * time.Second)
		r.clinic.says("b:80", "")
		pass(2 * time.Second)
		if again := share(); again > 0.2 {
			t.Errorf("a returned host gets %.2f at once", again)
		}
	})
}

// A host on trial takes one request at a time; its tier must not be thought to
// serve because of that.
func TestATrialInABetterTierDoesNotStopTheOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Ejection = health.Rules{BaseTime: 10 * time.Second} })
		r.registry.lists(one("a"), with(one("b"), func(e *endpoint.Endpoint) { e.Tier = 1 }))
		r.fail("a", 5)
		r.wantSpread("b")
		pass(11 * time.Second)
		var open []Lease
		trials := 0
		for range 6 {
			l := r.must()
			if l.Address() == "a:80" {
				trials++
			}
			open = append(open, l)
		}
		if trials != 1 {
			t.Errorf("%d of 6 requests at once were trials, want one", trials)
		}
		for i := range open {
			open[i].answer(200)
		}
		pass(time.Millisecond)
		r.wantSpread("a")
	})
}

func TestTheLastHostIsNeverEjected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Ejection = health.Rules{} })
		r.registry.lists(one("a"), one("b"))
		for range 50 {
			l := r.must()
			l.answer(500)
			pass(time.Millisecond)
		}
		up := 0
		for _, e := range endpointsOf(r.Status()) {
			if e.Verdict == health.Up {
				up++
			}
		}
		if up != 1 {
			t.Errorf("%d of two hosts that answer only 500 are up, want one", up)
		}
	})
}

func TestAClientThatLeavesIsNoEvidence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Ejection = health.Rules{} })
		r.registry.lists(one("a"), one("b"))
		for range 100 {
			l := r.must()
			l.Failed(ClientGone, nil)
		}
		pass(time.Second)
		r.wantSpread("a", "b")
		if e := r.of("a"); e.Failures != 0 {
			t.Errorf("%d failures are counted", e.Failures)
		}
	})
}

func TestLanesShareHostsAndNotWeights(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		policy, _ := balance.New("round_robin", balance.Settings{})
		canary := r.NewLane(policy, func(e *endpoint.Endpoint) (float64, bool) { return 1, len(e.Tags) > 0 })
		tagged := with(one("a"), func(e *endpoint.Endpoint) { e.Tags = []string{"canary"} })
		r.registry.lists(tagged, one("b"))
		var ask balance.Ask
		r.Begin(&ask, r.now(), getRequest(), "")
		l, err := canary.Lease(t.Context(), &ask)
		if err != nil || l.Address() != "a:80" {
			t.Fatalf("the lane picks %v, %v", l.host, err)
		}
		l.answer(200)
		r.registry.lists(one("a"), one("b"))
		if canary.Available() {
			t.Error("the lane has hosts without the tag")
		}
		if r.of("a").Requests != 1 {
			t.Error("the lane's request is not the host's")
		}
	})
}

// Why a host does not answer is nowhere but in the log, which does not fill up
// with it.
func TestAHostThatDoesNotAnswerIsComplainedOfNowAndThen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, nil)
		r.registry.lists(one("a"))
		for _, step := range []struct {
			reason Reason
			wait   time.Duration
			lines  int
		}{
			{ClientGone, 0, 0}, // not the host's doing
			{Hedged, 0, 0},
			{ConnectFailed, 0, 1},
			{Reset, complainEvery - time.Second, 1},
			{HeadTimeout, 2 * time.Second, 2},
		} {
			pass(step.wait)
			l := r.must()
			l.Failed(step.reason, errors.New("certificate signed by unknown authority"))
			if n := r.log.Count("certificate signed by unknown authority"); n != step.lines {
				t.Errorf("after %s the log has %d lines, not %d", step.reason, n, step.lines)
			}
		}
	})
}

// What takes hours tells at once what it has shown: a host comes back although
// nothing that was sent to it has ended.
func TestProvenHostReturnsWhileItsLeasesLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Ejection = health.Rules{BaseTime: 10 * time.Second} })
		r.registry.lists(one("a"), one("b"))
		r.fail("a", 5)
		pass(11 * time.Second)
		r.wantVerdict("a", health.Up, "on trial after ejection for 10s")
		var leases []Lease
		for range 20 {
			l := r.must()
			l.Answered(200, l.began, time.Millisecond)
			l.Proven()
			leases = append(leases, l)
		}
		pass(time.Millisecond)
		if e := r.of("a"); strings.Contains(e.Reason, "trial") || e.InFlight == 0 {
			t.Errorf("%s, %d in flight", e.Reason, e.InFlight)
		}
		for i := range leases {
			leases[i].Left()
		}
		for _, id := range []string{"a", "b"} {
			if e := r.of(id); e.InFlight != 0 || id == "b" && e.Failures != 0 {
				t.Errorf("%s: %d in flight, %d failures", id, e.InFlight, e.Failures)
			}
		}
	})
}
