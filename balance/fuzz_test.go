package balance

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"testing"
)

// different are the algorithms without those that only differ in name.
var different = []string{"round_robin", "least_conn", "random", "p2c", "ewma", "hash:path"}

// FuzzPick feeds every algorithm lists of any length and weights of any kind,
// with any load, and any requests.
func FuzzPick(f *testing.F) {
	f.Add(uint64(0), "", []byte{})
	f.Add(uint64(1), "/path", weightBytes(1, 3))
	f.Add(uint64(2), "key", weightBytes(0, -1, math.NaN(), math.Inf(1), math.Inf(-1)))
	f.Add(uint64(3), "key", weightBytes(math.MaxFloat64, math.SmallestNonzeroFloat64, 1))
	f.Add(uint64(5), "key", weightBytes(math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64))
	f.Add(uint64(4), "key", weightBytes(make([]float64, 40)...))
	f.Fuzz(func(t *testing.T, random uint64, key string, weights []byte) {
		candidates, inFlight := fuzzedHosts(weights, random)
		for _, algorithm := range different {
			settings := Settings{Start: random, Bound: DefaultBound, InFlight: inFlight, Sticky: random%2 == 0}
			picker := mustNew(t, algorithm, settings).Picker(candidates)
			ask := &Ask{Key: key, Sticky: key, Now: int64(random), Random: random}
			for range MaxTried + 1 {
				checkPick(t, algorithm, candidates, picker, ask)
			}
		}
	})
}

// checkPick wants a candidate that had no try yet, if one is left.
func checkPick(t *testing.T, algorithm string, candidates []Candidate, picker Picker, ask *Ask) {
	i := picker.Pick(ask)
	if len(candidates) == 0 {
		if i != -1 {
			t.Fatalf("%s picked %d of none", algorithm, i)
		}
		return
	}
	if i < 0 || i >= len(candidates) {
		t.Fatalf("%s picked %d of %d", algorithm, i, len(candidates))
	}
	if ask.Tried(candidates[i].Load) && ask.ntried < len(candidates) {
		t.Fatalf("%s picked %d again with %d of %d tried", algorithm, i, ask.ntried, len(candidates))
	}
	ask.MarkTried(candidates[i].Load)
}

func fuzzedHosts(weights []byte, random uint64) ([]Candidate, *atomic.Int64) {
	var list []float64
	for ; len(weights) >= 8 && len(list) < 200; weights = weights[8:] {
		list = append(list, math.Float64frombits(binary.LittleEndian.Uint64(weights)))
	}
	candidates, inFlight, numbers := hosts(list...), new(atomic.Int64), stream(random)
	for i := range candidates {
		load := candidates[i].Load
		busy := int64(numbers.next() % 50)
		load.InFlight.Store(busy)
		inFlight.Add(busy)
		load.Latency.Observe(int64(numbers.next()), 1, numbers.next()%2 == 0)
	}
	return candidates, inFlight
}

func weightBytes(weights ...float64) []byte {
	var b []byte
	for _, w := range weights {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(w))
	}
	return b
}
