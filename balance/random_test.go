package balance

import (
	"math"
	"testing"
)

func TestRandomFollowsWeights(t *testing.T) {
	for name, weights := range weightings {
		t.Run(name, func(t *testing.T) {
			const picks = 40_000
			counts := count(pickerOf(t, "random", hosts(weights...)), len(weights), picks)
			for i, n := range counts {
				due := picks * weights[i] / sum(weights)
				if math.Abs(float64(n)-due) > 5*math.Sqrt(due)+1 {
					t.Errorf("host %d of weight %v had %d picks, want about %.0f", i, weights[i], n, due)
				}
			}
		})
	}
}

// The issue's own figure, for every algorithm that shares by weight when idle.
func TestOneToThreeWithinThreePoints(t *testing.T) {
	for _, algorithm := range []string{"round_robin", "weighted_round_robin", "least_conn", "random", "p2c", "ewma", "hash:path"} {
		t.Run(algorithm, func(t *testing.T) {
			counts := count(pickerOf(t, algorithm, hosts(1, 3)), 2, 4000)
			if share := float64(counts[0]) / 4000; share < 0.22 || share > 0.28 {
				t.Fatalf("the light host had %.1f%% of the picks, want 25 within 3 points", 100*share)
			}
		})
	}
}

func TestAliasTableIsExact(t *testing.T) {
	for name, weights := range weightings {
		t.Run(name, func(t *testing.T) {
			drawn := make([]float64, len(weights))
			for _, c := range aliasTable(hosts(weights...)) {
				below := float64(c.threshold) / (1 << 64)
				drawn[c.either[0]] += below
				drawn[c.either[1]] += 1 - below
			}
			for i := range weights {
				want := weights[i] / sum(weights)
				if got := drawn[i] / float64(len(weights)); math.Abs(got-want) > 1e-9 {
					t.Errorf("host %d is drawn with %v, want %v", i, got, want)
				}
			}
		})
	}
}
