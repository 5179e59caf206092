package balance

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAskRemembersWhoHadItsTry(t *testing.T) {
	first, second := new(Load), new(Load)
	var ask Ask
	ask.MarkTried(first)
	if !ask.Tried(first) || ask.Tried(second) {
		t.Fatal("want the first tried and the second not")
	}
	for range 2 * MaxTried {
		ask.MarkTried(second)
	}
	ask.Reset()
	if ask.Tried(first) || ask.Tried(second) {
		t.Fatal("want nobody tried after Reset")
	}
}

// Every algorithm keeps these promises of Picker.
func TestEveryAlgorithm(t *testing.T) {
	for _, algorithm := range algorithms {
		t.Run(algorithm, func(t *testing.T) {
			t.Run("has nobody to pick of none", func(t *testing.T) {
				if i := pickerOf(t, algorithm, nil).Pick(&Ask{}); i != -1 {
					t.Fatalf("picked %d, want -1", i)
				}
			})
			t.Run("picks the only one, tried or not", func(t *testing.T) {
				only := equalHosts(1)
				picker := pickerOf(t, algorithm, only)
				ask := &Ask{}
				first := picker.Pick(ask)
				ask.MarkTried(only[0].Load)
				if again := picker.Pick(ask); first != 0 || again != 0 {
					t.Fatalf("picked %d, then %d, want 0", first, again)
				}
			})
			t.Run("uses every host", func(t *testing.T) {
				if counts := count(pickerOf(t, algorithm, equalHosts(10)), 10, 1000); slices.Min(counts) == 0 {
					t.Fatalf("picks %v, want some for each", counts)
				}
			})
			t.Run("avoids the tried while another is left", func(t *testing.T) { avoidsTried(t, algorithm, equalHosts(6)) })
			t.Run("avoids the tried by weight", func(t *testing.T) { avoidsTried(t, algorithm, hosts(1, 100, 5, 0, 7, 0)) })
			t.Run("avoids the tried of many", func(t *testing.T) { avoidsTried(t, algorithm, equalHosts(300)) })
			t.Run("keeps weight 0 for the last", func(t *testing.T) { keepsReserve(t, algorithm) })
			t.Run("allocates nothing", func(t *testing.T) { allocatesNothing(t, algorithm) })
			t.Run("serves many goroutines", func(t *testing.T) { servesMany(t, algorithm) })
		})
	}
}

// avoidsTried retries one request until every host it may remember had its try.
func avoidsTried(t *testing.T, algorithm string, candidates []Candidate) {
	picker := pickerOf(t, algorithm, candidates)
	requests := newAsks(2)
	for range 200 {
		ask := requests.next()
		seen := make(map[int]bool)
		for range min(MaxTried, len(candidates)) {
			i := picker.Pick(ask)
			if seen[i] {
				t.Fatalf("picked %d again, after %v", i, seen)
			}
			seen[i] = true
			ask.MarkTried(candidates[i].Load)
		}
		if i := picker.Pick(ask); i < 0 || i >= len(candidates) {
			t.Fatalf("picked %d when all were tried", i)
		}
	}
}

func keepsReserve(t *testing.T, algorithm string) {
	candidates := hosts(0, 1, 0, 3)
	picker := pickerOf(t, algorithm, candidates)
	counts := count(picker, 4, 2000)
	if counts[0]+counts[2] != 0 || counts[1] == 0 || counts[3] == 0 {
		t.Fatalf("picks %v, want none for weight 0 and some for the others", counts)
	}
	ask := &Ask{Key: "k", Random: 1}
	ask.MarkTried(candidates[1].Load)
	ask.MarkTried(candidates[3].Load)
	if i := picker.Pick(ask); i != 0 && i != 2 {
		t.Fatalf("picked %d when all with a weight were tried, want the reserve", i)
	}
	if counts := count(pickerOf(t, algorithm, hosts(0, 0, 0)), 3, 900); slices.Min(counts) < 150 {
		t.Fatalf("picks %v of three of weight 0, want all alike", counts)
	}
}

func allocatesNothing(t *testing.T, algorithm string) {
	for _, candidates := range [][]Candidate{equalHosts(3), hosts(1, 2, 3), hosts(0, 1, 2), equalHosts(100)} {
		inFlight := new(atomic.Int64)
		settings := Settings{Bound: DefaultBound, InFlight: inFlight, Sticky: true}
		picker := mustNew(t, algorithm, settings).Picker(candidates)
		ask := &Ask{Key: "/a/path", Sticky: "nobody's", Random: 7, Now: int64(time.Hour)}
		ask.MarkTried(candidates[1].Load)
		if n := testing.AllocsPerRun(100, func() { ask.Random++; picker.Pick(ask) }); n != 0 {
			t.Errorf("%v allocations a pick of %d, want 0", n, len(candidates))
		}
	}
}

// servesMany is for the race detector.
func servesMany(t *testing.T, algorithm string) {
	candidates, inFlight := hosts(1, 2, 3, 4), new(atomic.Int64)
	picker := mustNew(t, algorithm, Settings{Bound: DefaultBound, InFlight: inFlight}).Picker(candidates)
	var group sync.WaitGroup
	for worker := range uint64(4) {
		group.Go(func() {
			requests := newAsks(worker)
			for now := range int64(500) {
				ask := requests.next()
				ask.Now = now
				load := candidates[picker.Pick(ask)].Load
				load.InFlight.Add(1)
				inFlight.Add(1)
				load.Latency.Observe(now, time.Millisecond, now%7 == 0)
				load.InFlight.Add(-1)
				inFlight.Add(-1)
			}
		})
	}
	group.Wait()
}
