package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The figures that the project promises for a pool with one slow host.
func TestSlowHostHardlyShows(t *testing.T) {
	for _, rate := range rates[:3] { // the busiest is the longest run and the easiest
		yardstick := run(t, "round_robin", oneSlow(rate)).percentile(0.99)
		for policy, mostShare := range map[string]float64{"p2c": 0.01, "ewma": 0.001} {
			t.Run(fmt.Sprintf("%s at %d a second", policy, rate), func(t *testing.T) {
				r := run(t, policy, oneSlow(rate))
				if p99 := r.percentile(0.99); float64(p99) > 0.2*float64(yardstick) {
					t.Errorf("p99 %v, want 0.2 of round_robin's %v at most", p99, yardstick)
				}
				if share := r.share(sick); share > mostShare {
					t.Errorf("the slow host had %.2f%%, want %.1f%% at most", 100*share, 100*mostShare)
				}
			})
		}
	}
}

func TestEWMALeavesAHostThatFailsFast(t *testing.T) {
	if share := run(t, "ewma", oneFailing(1000)).share(sick); share > 0.001 {
		t.Errorf("the failing host had %.2f%%, want 0.1%% at most", 100*share)
	}
}

func TestOneLeavingHostMovesFewKeys(t *testing.T) {
	moved, err := needlesslyMoved(100)
	if err != nil || moved > 0.015 {
		t.Fatalf("%.2f%% of the keys moved without need (%v), want 1.5%% at most", 100*moved, err)
	}
}

func TestBoundHoldsUnderHotKeys(t *testing.T) {
	load, err := fullest(10, 1.25)
	if err != nil || load > 1.25 {
		t.Fatalf("the fullest host had %.3f of the mean (%v), want 1.25 at most", load, err)
	}
}

func TestSimulationRepeats(t *testing.T) {
	one, other := run(t, "p2c", oneSlow(200)), run(t, "p2c", oneSlow(200))
	if !slices.Equal(one.picks, other.picks) {
		t.Fatalf("picks %v, then %v", one.picks, other.picks)
	}
}

func TestReportHasEveryPolicy(t *testing.T) {
	var text strings.Builder
	if err := reportFailing(&text); err != nil {
		t.Fatal(err)
	}
	for _, policy := range policies {
		if !strings.Contains(text.String(), "| "+policy+" |") {
			t.Errorf("no row for %s in\n%s", policy, text.String())
		}
	}
}

func run(t *testing.T, policy string, s scenario) *result {
	t.Helper()
	r, err := simulate(policy, s)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}
