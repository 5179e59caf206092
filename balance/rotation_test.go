package balance

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
)

func TestRoundRobinTakesTurnsInOrder(t *testing.T) {
	picker := pickerOf(t, "round_robin", equalHosts(3))
	for turn := range 9 {
		if i := picker.Pick(&Ask{}); i != turn%3 {
			t.Fatalf("turn %d went to %d, want %d", turn, i, turn%3)
		}
	}
}

func TestRoundRobinGoesOnWhereItWas(t *testing.T) {
	policy := mustNew(t, "round_robin", Settings{Start: 1})
	var order []int
	for range 6 {
		order = append(order, policy.Picker(equalHosts(3)).Pick(&Ask{}))
	}
	if want := []int{1, 2, 0, 1, 2, 0}; !slices.Equal(order, want) {
		t.Fatalf("order %v with a new picker each turn, want %v", order, want)
	}
}

var weightings = map[string][]float64{
	"1 to 3":                    {1, 3},
	"3 to 1":                    {3, 1},
	"5, 1, 1":                   {5, 1, 1},
	"ten, one in slow start":    {1, 1, 1, 1, 1, 1, 1, 1, 1, 0.1},
	"one in a hundred is heavy": append(slices.Repeat([]float64{1}, 99), 100),
	"one in a hundred is light": append(slices.Repeat([]float64{100}, 99), 1),
	"light ones first":          append(slices.Repeat([]float64{1}, 50), slices.Repeat([]float64{1000}, 50)...),
	"one to ten":                {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
	"SRV weights, far apart":    {65535, 1, 300, 20},
	"fractions":                 {0.3, 0.7, 1.1},
	"equal":                     {2, 2, 2, 2},
}

// In any stretch of turns a host gets what its weight says, give or take a few:
// that is what "smooth" means. Random choice strays by dozens.
func TestWeightedRoundRobinIsSmooth(t *testing.T) {
	const stretch, strayed = 4000, 4.0
	for name, weights := range weightings {
		t.Run(name, func(t *testing.T) {
			picker := pickerOf(t, "weighted_round_robin", hosts(weights...))
			all := sum(weights)
			counts := make([]int, len(weights))
			for turn := 1; turn <= stretch; turn++ {
				counts[picker.Pick(&Ask{})]++
				for i, n := range counts {
					due := float64(turn) * weights[i] / all
					if math.Abs(float64(n)-due) > strayed {
						t.Fatalf("after %d turns host %d of weight %v had %d, want %.1f", turn, i, weights[i], n, due)
					}
				}
			}
		})
	}
}

func TestWeightedRoundRobinHasNoBursts(t *testing.T) {
	for name, test := range map[string]struct {
		weights []float64
		longest int // turns in a row for one host; the least possible or one more
	}{
		"equal":   {[]float64{1, 1, 1}, 1},
		"1 to 3":  {[]float64{1, 3}, 4},
		"2, 1, 1": {[]float64{2, 1, 1}, 2},
		"5, 1, 1": {[]float64{5, 1, 1}, 4},
		"4, 3, 3": {[]float64{4, 3, 3}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			picker := pickerOf(t, "weighted_round_robin", hosts(test.weights...))
			longest, run, last := 0, 0, -1
			for range 4000 {
				i := picker.Pick(&Ask{})
				if run++; i != last {
					run = 1
				}
				last, longest = i, max(longest, run)
			}
			if longest > test.longest {
				t.Fatalf("%d turns in a row for one host, want %d at most", longest, test.longest)
			}
		})
	}
}

// A turn passes over few seats, whatever the weights.
func TestRotationStepsPerTurn(t *testing.T) {
	for name, weights := range weightings {
		t.Run(name, func(t *testing.T) {
			steps, longest := new(atomic.Uint64), uint64(0)
			rotation := newRotation(hosts(weights...), steps)
			const turns = 10_000
			for range turns {
				before := steps.Load()
				rotation.next()
				longest = max(longest, steps.Load()-before)
			}
			if mean := float64(steps.Load()) / turns; mean > 2.01 || longest > 40 {
				t.Fatalf("%.2f steps a turn, %d at most; want 2 and 40", mean, longest)
			}
		})
	}
}

func TestSeatsAreInTheOrderOfTheirPlaces(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 255, 256, 257, 10_000} {
		lap := make([]placed, n)
		for i := range lap {
			lap[i] = placed{seat: seat{candidate: i}, at: random.Uint32() >> (i % 32)} // some far apart, some the same
		}
		want := slices.Clone(lap)
		slices.SortStableFunc(want, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
		if got := inOrder(lap); !slices.Equal(got, want) {
			t.Errorf("%d seats are in another order than a sort puts them in", n)
		}
	}
}

// What a sick host sheds goes to all the others, not to its neighbour.
func TestRoundRobinSpreadsRetries(t *testing.T) {
	const sick = 2
	candidates := equalHosts(5)
	picker := pickerOf(t, "round_robin", candidates)
	served := make([]int, 5)
	for range 1000 {
		var ask Ask
		i := picker.Pick(&ask)
		if i == sick {
			ask.MarkTried(candidates[i].Load)
			i = picker.Pick(&ask)
		}
		served[i]++
	}
	if want := []int{250, 250, 0, 250, 250}; !slices.Equal(served, want) {
		t.Fatalf("served %v, want %v", served, want)
	}
}

func sum(weights []float64) float64 {
	all := 0.0
	for _, w := range weights {
		all += w
	}
	return all
}
