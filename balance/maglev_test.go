package balance

import (
	"math"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// slotsOf counts the slots that each candidate holds.
func slotsOf(table maglev, candidates int) []int {
	held := make([]int, candidates)
	for _, mark := range table.slots {
		held[mark-1]++
	}
	return held
}

func TestMaglevSharesSlotsByWeight(t *testing.T) {
	for name, weights := range weightings {
		t.Run(name, func(t *testing.T) {
			table := newMaglev(hosts(weights...))
			for i, n := range slotsOf(table, len(weights)) {
				due := float64(len(table.slots)) * weights[i] / sum(weights)
				if math.Abs(float64(n)-due) > 1+due/100 {
					t.Errorf("host %d of weight %v holds %d slots, want %.1f", i, weights[i], n, due)
				}
			}
		})
	}
}

func TestMaglevDependsOnNoOrder(t *testing.T) {
	candidates := equalHosts(20)
	shuffled := slices.Clone(candidates)
	slices.Reverse(shuffled)
	one, other := newMaglev(candidates), newMaglev(shuffled)
	for hash := uint64(0); hash < 1000; hash++ {
		h := mix(hash)
		if a, b := candidates[one.at(h)].ID, shuffled[other.at(h)].ID; a != b {
			t.Fatalf("a key belongs to %s in one order and to %s in another", a, b)
		}
	}
}

// One host of n leaves: its keys have to move, others should not.
func TestMaglevMovesFewKeys(t *testing.T) {
	for name, test := range map[string]struct {
		candidates []Candidate
		mostMoved  float64 // share of all keys, beyond those of the host that left
	}{
		"1 of 3":              {equalHosts(3), 0.015},
		"1 of 10":             {equalHosts(10), 0.015},
		"1 of 100":            {equalHosts(100), 0.015},
		"1 of 1000":           {equalHosts(1000), 0.015},
		"1 of 10, by weight":  {hosts(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 0.015},
		"1 of 4, far apart":   {hosts(1, 10, 100, 1000), 0.015},
		"1 of 40, slow start": {append(equalHosts(39), hosts(0.1)[0]), 0.015},
	} {
		t.Run(name, func(t *testing.T) {
			const gone = 1
			left := slices.Delete(slices.Clone(test.candidates), gone, gone+1)
			if moved := needlesslyMoved(test.candidates, left, test.candidates[gone].ID); moved > test.mostMoved {
				t.Fatalf("%.2f%% of the keys moved without need, want %.1f%% at most", 100*moved, 100*test.mostMoved)
			}
		})
	}
}

func needlesslyMoved(before, after []Candidate, gone string) float64 {
	const keys = 20_000
	old, now := newMaglev(before), newMaglev(after)
	moved := 0
	for key := range uint64(keys) {
		h := mix(key)
		was, is := before[old.at(h)].ID, after[now.at(h)].ID
		if was != gone && was != is {
			moved++
		}
	}
	return float64(moved) / keys
}

// Sidecars of different releases must send a key to the same host.
func TestKeysStayWhereTheyAre(t *testing.T) {
	candidates := equalHosts(10)
	picker := pickerOf(t, "hash:path", candidates)
	for key, want := range map[string]int{"/": 0, "/orders/17": 6, "/users/alice": 3, "127.0.0.1": 5} {
		if i := picker.Pick(&Ask{Key: key}); i != want {
			t.Errorf("key %q (%x) went to %d, want %d", key, xxhash.Sum64String(key), i, want)
		}
	}
}
