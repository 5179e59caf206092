package balance

import (
	"slices"
	"testing"
	"time"
)

func TestP2CNeverTakesTheBusierOfTwo(t *testing.T) {
	candidates := equalHosts(2)
	candidates[0].Load.InFlight.Store(5)
	if counts := count(pickerOf(t, "p2c", candidates), 2, 1000); counts[0] != 0 {
		t.Fatalf("the busier of two had %d picks, want none", counts[0])
	}
}

func TestP2CMeasuresByWeight(t *testing.T) {
	candidates := hosts(1, 4)
	candidates[0].Load.InFlight.Store(2)
	candidates[1].Load.InFlight.Store(4)
	if counts := count(pickerOf(t, "p2c", candidates), 2, 1000); counts[0] != 0 {
		t.Fatalf("the fuller one for its weight had %d picks, want none", counts[0])
	}
}

// In a tie the slower host loses when it is sick, and not when it is only slower.
func TestP2CBreaksTiesByWhatIsFarApart(t *testing.T) {
	for took, want := range map[time.Duration]int{10 * time.Millisecond: 500, 40 * time.Millisecond: 500, 200 * time.Millisecond: 0} {
		candidates := equalHosts(2)
		candidates[0].Load.Latency.Observe(1, took, false)
		candidates[1].Load.Latency.Observe(1, 5*time.Millisecond, false)
		if n := count(pickerOf(t, "p2c", candidates), 2, 1000)[0]; n < want-60 || n > want+60 {
			t.Errorf("an idle host of %s beside one of 5ms had %d of 1000 picks, want about %d", took, n, want)
		}
	}
}

// The classic result: with two choices the fullest host stays within a few of
// the mean, with one it does not.
func TestP2CKeepsHostsLevel(t *testing.T) {
	fullest := func(algorithm string) int64 {
		candidates := equalHosts(1000)
		picker, requests := pickerOf(t, algorithm, candidates), newAsks(1)
		inFlight := make([]int64, len(candidates))
		for range 10_000 {
			i := picker.Pick(requests.next())
			inFlight[i] = candidates[i].Load.InFlight.Add(1)
		}
		return slices.Max(inFlight)
	}
	if two, one := fullest("p2c"), fullest("random"); two > 14 || one < 18 {
		t.Fatalf("the fullest host has %d with two choices and %d with one; the mean is 10", two, one)
	}
}
