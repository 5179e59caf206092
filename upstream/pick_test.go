package upstream

import (
	"testing"
	"time"

	"pingap-go/balance"
	"pingap-go/health"
)

// A request is turned away when nobody has room, not when the first few have none.
func TestTheLastFreeHostIsFound(t *testing.T) {
	for _, algorithm := range []string{"round_robin", "least_conn", "p2c", "ewma", "random", "ip_hash"} {
		t.Run(algorithm, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := run(t, func(o *Options) {
					o.MaxPerHost, o.Algorithm = 1, algorithm
					o.Key, _ = balance.ParseKey(algorithm)
				})
				r.registry.lists(many(lookedAt)...)
				var open []Lease
				for range lookedAt {
					open = append(open, r.must())
				}
				_, err := r.lease()
				wantShed(t, err, nil)
				for i := range open {
					open[i].answer(200)
				}
			})
		})
	}
}

// Trials keep nobody from the hosts that serve, however many there are.
func TestManyTrialsTurnNobodyAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const hosts = 40
		r := run(t, func(o *Options) { o.Ejection = health.Rules{BaseTime: 10 * time.Second} })
		r.registry.lists(many(hosts)...)
		half := func(address string) bool { return address < "e0020" }
		for range 20 * hosts {
			l := r.must()
			if half(l.Address()) {
				l.answer(500)
			} else {
				l.answer(200)
			}
		}
		pass(11 * time.Second)
		trials := 0
		for range 200 * hosts { // the trials stay open
			if l := r.must(); half(l.Address()) {
				trials++
			} else {
				l.answer(200)
			}
		}
		if trials != hosts/2 {
			t.Errorf("%d trials at %d hosts", trials, hosts/2)
		}
	})
}

// What a request passes over it has not tried.
func TestAHostThatWasPassedOverCanBeTriedLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.MaxPerHost = 1 })
		r.registry.lists(one("a"), one("b"))
		busy := r.must()
		var ask balance.Ask
		l, err := r.leaseFor(&ask)
		if err != nil {
			t.Fatal(err)
		}
		busy.answer(200)
		l.Failed(Reset, nil)
		if again, err := r.Lease(t.Context(), &ask); err != nil || again.host != busy.host {
			t.Errorf("the host that is free now is not tried: %v", err)
		}
	})
}

// A host on trial that has no room keeps its trial for when it has.
func TestATrialIsNotLostForWantOfRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Ejection = health.Rules{BaseTime: 10 * time.Second} })
		r.registry.lists(one("a"), one("b"))
		old := r.must()
		for old.Address() != "a:80" {
			old.answer(200)
			old = r.must()
		}
		r.fail("a", 5)
		pass(11 * time.Second)
		r.perHost = 1 // a reload has set it, and the old request goes on
		for range 4 {
			if l := r.must(); l.Address() == "a:80" {
				t.Error("it has more than its bound")
			} else {
				l.answer(200)
			}
		}
		old.answer(200)
		r.wantSpread("a", "b")
	})
}
