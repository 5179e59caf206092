package balance

import (
	"testing"
	"time"
)

func TestPeakEWMA(t *testing.T) {
	type host struct {
		latency  time.Duration // 0: never measured
		inFlight int64
	}
	for name, test := range map[string]struct {
		hosts [2]host
		never int // which of the two is never picked
	}{
		"leaves the slow one":                    {[2]host{{latency: 100 * ms}, {latency: 10 * ms}}, 0},
		"counts requests under way":              {[2]host{{latency: 10 * ms, inFlight: 3}, {latency: 20 * ms}}, 0},
		"tries the one never measured":           {[2]host{{latency: 1 * ms}, {}}, 0},
		"but with one request until it answered": {[2]host{{latency: 100 * ms, inFlight: 50}, {inFlight: 1}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			candidates := equalHosts(2)
			for i, h := range test.hosts {
				candidates[i].Load.InFlight.Store(h.inFlight)
				if h.latency > 0 {
					candidates[i].Load.Latency.Observe(0, h.latency, false)
				}
			}
			if counts := count(pickerOf(t, "ewma", candidates), 2, 500); counts[test.never] != 0 {
				t.Fatalf("picks %v, want none for %d", counts, test.never)
			}
		})
	}
}

func TestPeakEWMAFindsBack(t *testing.T) {
	candidates := equalHosts(2)
	candidates[0].Load.Latency.Observe(0, 100*ms, false)
	picker, requests := pickerOf(t, "ewma", candidates), newAsks(1)
	for now := time.Duration(0); now < time.Minute; now += 100 * ms {
		ask := requests.next()
		ask.Now = int64(now)
		i := picker.Pick(ask)
		if i == 0 {
			if now < 20*time.Second {
				t.Fatalf("the slow host had its next chance after %v already", now)
			}
			return
		}
		candidates[i].Load.Latency.Observe(int64(now), 5*ms, false)
	}
	t.Fatal("the slow host had no chance within a minute")
}

func TestPeakEWMAFollowsWeightsOfLikeHosts(t *testing.T) {
	candidates := hosts(1, 3)
	candidates[0].Load.Latency.Observe(0, 10*ms, false)
	candidates[1].Load.Latency.Observe(0, 15*ms, false)
	counts := count(pickerOf(t, "ewma", candidates), 2, 4000)
	if share := float64(counts[0]) / 4000; share < 0.22 || share > 0.28 {
		t.Fatalf("the light host had %.1f%% of the picks, want 25 within 3 points", 100*share)
	}
	candidates[1].Load.Latency.Observe(0, 50*ms, false)
	if counts := count(pickerOf(t, "ewma", candidates), 2, 500); counts[1] != 0 {
		t.Fatalf("a host that is five times slower had %d picks, whatever its weight want none", counts[1])
	}
}
