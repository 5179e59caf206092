package balance

import (
	"fmt"
	"math"
	"sync/atomic"
	"testing"
)

func TestHashKeepsAKeyOnItsHost(t *testing.T) {
	candidates := equalHosts(10)
	one, other := pickerOf(t, "hash:path", candidates), pickerOf(t, "hash:url", candidates)
	for n := range 100 {
		ask := &Ask{Key: fmt.Sprint("key ", n)}
		first := one.Pick(ask)
		ask.Random++
		if again, elsewhere := one.Pick(ask), other.Pick(ask); again != first || elsewhere != first {
			t.Fatalf("%q went to %d, then %d, and to %d by another sidecar", ask.Key, first, again, elsewhere)
		}
	}
}

func TestHashSpreadsRequestsWithoutKey(t *testing.T) {
	picker, requests := pickerOf(t, "hash:header:X-User", hosts(1, 3)), newAsks(1)
	light := 0
	for range 4000 {
		ask := requests.next()
		ask.Key = ""
		if picker.Pick(ask) == 0 {
			light++
		}
	}
	if light < 880 || light > 1120 {
		t.Fatalf("the host of weight 1 beside 3 had %d of 4000 picks, want about 1000", light)
	}
}

// A retried key has its own second host, not one that all share.
func TestHashSpreadsRetries(t *testing.T) {
	candidates := equalHosts(10)
	picker := pickerOf(t, "hash:path", candidates)
	second := make(map[int]int)
	for n := range 5000 {
		ask := &Ask{Key: fmt.Sprint(n)}
		if i := picker.Pick(ask); i == 4 {
			ask.MarkTried(candidates[i].Load)
			second[picker.Pick(ask)]++
		}
	}
	if len(second) != 9 {
		t.Fatalf("retries went to %v, want some to each of the nine others", second)
	}
}

func TestBoundedHash(t *testing.T) {
	for name, test := range map[string]struct {
		weights []float64
		keys    int // different keys; 1 is the worst of hot spots
		bound   float64
	}{
		"even keys":              {equalWeight(10), 100_000, 1.25},
		"a hot key":              {equalWeight(10), 1, 1.25},
		"few keys of many hosts": {equalWeight(100), 20, 1.25},
		"a hot key, by weight":   {[]float64{1, 2, 3, 4}, 1, 1.25},
		"a tight bound":          {equalWeight(10), 3, 1.01},
	} {
		t.Run(name, func(t *testing.T) {
			candidates := hosts(test.weights...)
			const requests = 10_000
			fill := fillBounded(t, candidates, test.keys, requests, test.bound)
			for i, n := range fill {
				due := requests * test.weights[i] / sum(test.weights)
				if most := math.Ceil(test.bound * due * (1 + 1e-12)); float64(n) > most {
					t.Errorf("host %d has %d under way, its share is %.0f, want %.0f at most", i, n, due, most)
				}
			}
		})
	}
}

// fillBounded sends requests that never end and returns what each host has.
func fillBounded(t *testing.T, candidates []Candidate, keys, requests int, bound float64) []int64 {
	inFlight := new(atomic.Int64)
	picker := mustNew(t, "hash:path", Settings{Bound: bound, InFlight: inFlight}).Picker(candidates)
	for n := range requests {
		i := picker.Pick(&Ask{Key: fmt.Sprint("key ", n%keys)})
		candidates[i].Load.InFlight.Add(1)
		inFlight.Add(1)
	}
	fill := make([]int64, len(candidates))
	for i := range candidates {
		fill[i] = candidates[i].Load.InFlight.Load()
	}
	return fill
}

// The bound leaves a quiet pool alone, and 0 is no bound.
func TestHashBoundIsForBusyHosts(t *testing.T) {
	for name, test := range map[string]struct {
		bound    float64
		requests int
	}{
		"a browser's six requests": {DefaultBound, 6},
		"no bound":                 {0, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			used := 0
			for _, n := range fillBounded(t, equalHosts(10), 1, test.requests, test.bound) {
				if n > 0 {
					used++
				}
			}
			if used != 1 {
				t.Fatalf("one key's requests went to %d hosts, want 1", used)
			}
		})
	}
}

func equalWeight(n int) []float64 {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = 1
	}
	return weights
}
