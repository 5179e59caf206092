package balance

import (
	"slices"
	"testing"
)

func TestLeastConnPicksTheLeastBusy(t *testing.T) {
	for name, test := range map[string]struct {
		weights  []float64
		inFlight []int64
		want     int
	}{
		"one is idle":                    {[]float64{1, 1, 1}, []int64{3, 0, 2}, 1},
		"one has less under way":         {[]float64{1, 1, 1}, []int64{3, 4, 2}, 2},
		"more under way on a heavy one":  {[]float64{1, 4}, []int64{2, 4}, 1},
		"a heavy one that is fuller yet": {[]float64{1, 2}, []int64{2, 5}, 0},
		"an idle light one":              {[]float64{0.1, 5}, []int64{0, 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			candidates := hosts(test.weights...)
			for i, n := range test.inFlight {
				candidates[i].Load.InFlight.Store(n)
			}
			picker := pickerOf(t, "least_conn", candidates)
			for range 10 {
				if i := picker.Pick(&Ask{}); i != test.want {
					t.Fatalf("picked %d, want %d", i, test.want)
				}
			}
		})
	}
}

func TestLeastConnTakesTurnsWhenLevel(t *testing.T) {
	if counts := count(pickerOf(t, "least_conn", hosts(1, 3)), 2, 4000); counts[0] != 1000 {
		t.Fatalf("picks %v of idle hosts of weight 1 and 3, want 1000 and 3000", counts)
	}
}

// Requests come and stay until every host has what its weight says.
func TestLeastConnFillsByWeight(t *testing.T) {
	candidates := hosts(1, 2, 3, 4)
	picker := pickerOf(t, "least_conn", candidates)
	for range 1000 {
		candidates[picker.Pick(&Ask{})].Load.InFlight.Add(1)
	}
	for i, want := range []int64{100, 200, 300, 400} {
		if got := candidates[i].Load.InFlight.Load(); got < want-2 || got > want+2 {
			t.Errorf("host %d has %d under way, want %d", i, got, want)
		}
	}
}

// A sample of four keeps the fullest of many hosts close to the mean.
func TestLeastConnOfManyStaysLevel(t *testing.T) {
	candidates := equalHosts(1000)
	picker, requests := pickerOf(t, "least_conn", candidates), newAsks(1)
	inFlight := make([]int64, len(candidates))
	for range 10_000 {
		i := picker.Pick(requests.next())
		inFlight[i] = candidates[i].Load.InFlight.Add(1)
	}
	if fullest := slices.Max(inFlight); fullest > 13 {
		t.Fatalf("the fullest host has %d under way, the mean is 10", fullest)
	}
}
