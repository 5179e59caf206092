package balance

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
)

// benched are the rows that bench/pick.sh prints. In crowded pools four in five
// hosts are full, which is the worst for a bound of 1.25.
var benched = []struct {
	label, algorithm string
	bound            float64
	weighted         bool
	crowded          bool
}{
	{label: "round_robin", algorithm: "round_robin"},
	{label: "weighted_round_robin", algorithm: "weighted_round_robin", weighted: true},
	{label: "least_conn", algorithm: "least_conn"},
	{label: "least_conn_weighted", algorithm: "least_conn", weighted: true},
	{label: "random", algorithm: "random"},
	{label: "random_weighted", algorithm: "random", weighted: true},
	{label: "p2c", algorithm: "p2c"},
	{label: "p2c_weighted", algorithm: "p2c", weighted: true},
	{label: "ewma", algorithm: "ewma"},
	{label: "ewma_weighted", algorithm: "ewma", weighted: true},
	{label: "hash", algorithm: "hash:path"},
	{label: "hash_bounded", algorithm: "hash:path", bound: DefaultBound},
	{label: "hash_bounded_crowded", algorithm: "hash:path", bound: DefaultBound, crowded: true},
}

// BenchmarkPick is the cost of one choice over hosts that are all in use.
func BenchmarkPick(b *testing.B) {
	for _, bench := range benched {
		for _, n := range []int{10, 100, 5000} {
			b.Run(fmt.Sprintf("%s/%d", bench.label, n), func(b *testing.B) {
				candidates, inFlight := busyHosts(n, bench.weighted)
				if bench.crowded {
					crowd(candidates, inFlight)
				}
				policy := mustNew(b, bench.algorithm, Settings{Bound: bench.bound, InFlight: inFlight})
				benchmarkPicks(b, policy.Picker(candidates))
			})
		}
	}
}

// BenchmarkBuild is the cost of a new picker after a change of membership.
func BenchmarkBuild(b *testing.B) {
	for _, bench := range benched {
		b.Run(bench.label+"/5000", func(b *testing.B) {
			candidates, inFlight := busyHosts(5000, bench.weighted)
			policy := mustNew(b, bench.algorithm, Settings{Bound: bench.bound, InFlight: inFlight})
			b.ReportAllocs()
			for b.Loop() {
				policy.Picker(candidates)
			}
		})
	}
}

func benchmarkPicks(b *testing.B, picker Picker) {
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = fmt.Sprintf("/api/v1/orders/%d/items", i)
	}
	ask := &Ask{Now: int64(2 * time.Second)}
	random := stream(1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ask.Random = random.next()
		ask.Key = keys[i%len(keys)]
		picker.Pick(ask)
	}
}

// crowd fills four in five hosts up to their bound.
func crowd(candidates []Candidate, inFlight *atomic.Int64) {
	const mean = 100
	inFlight.Store(int64(mean * len(candidates)))
	for i := range candidates {
		candidates[i].Load.InFlight.Store(0)
		if i%5 > 0 {
			candidates[i].Load.InFlight.Store(DefaultBound*mean + 1)
		}
	}
}

// busyHosts have requests under way and a latency each.
func busyHosts(n int, weighted bool) ([]Candidate, *atomic.Int64) {
	candidates, inFlight := equalHosts(n), new(atomic.Int64)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range candidates {
		c := &candidates[i]
		if weighted {
			c.Weight = float64(1 + i%10)
		}
		busy := random.Int64N(20)
		c.Load.InFlight.Store(busy)
		inFlight.Add(busy)
		c.Load.Latency.Observe(random.Int64N(int64(time.Second)), time.Duration(random.Int64N(int64(10*time.Millisecond))), false)
	}
	return candidates, inFlight
}
