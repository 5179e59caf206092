package balance

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
)

// algorithms are all that New knows, one spelling each.
var algorithms = []string{
	"round_robin", "weighted_round_robin", "least_conn", "random", "p2c", "ewma",
	"ip_hash", "hash:url", "hash:path", "hash:ip", "hash:header:X-User", "hash:cookie:id", "hash:query:user",
}

// equalHosts are n candidates of weight 1 that have never been used.
func equalHosts(n int) []Candidate {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = 1
	}
	return hosts(weights...)
}

// hosts are candidates of the given weights that have never been used.
func hosts(weights ...float64) []Candidate {
	candidates := make([]Candidate, len(weights))
	for i, w := range weights {
		id := fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250)
		candidates[i] = Candidate{ID: id, Weight: w, Load: new(Load), Token: Token("api", id)}
	}
	return candidates
}

// mustNew is New for names that exist.
func mustNew(t testing.TB, name string, s Settings) Policy {
	t.Helper()
	policy, err := New(name, s)
	if err != nil {
		t.Fatalf("New(%q): %v", name, err)
	}
	return policy
}

// pickerOf is an algorithm's picker with the defaults of the configuration.
func pickerOf(t testing.TB, name string, candidates []Candidate) Picker {
	t.Helper()
	return mustNew(t, name, Settings{Bound: DefaultBound, InFlight: new(atomic.Int64)}).Picker(candidates)
}

// asks makes requests, each with a key and random number of its own. The same
// seed makes the same requests.
type asks struct {
	random *rand.Rand
	ask    Ask
}

func newAsks(seed uint64) *asks { return &asks{random: rand.New(rand.NewPCG(seed, 1))} }

// next is another request; it overwrites the one before.
func (a *asks) next() *Ask {
	a.ask.Reset()
	a.ask.Random = a.random.Uint64()
	a.ask.Key = fmt.Sprintf("/user/%d", a.random.Uint64())
	return &a.ask
}

// count lets a picker choose for n requests and counts what each candidate got.
func count(picker Picker, candidates, n int) []int {
	counts, requests := make([]int, candidates), newAsks(1)
	for range n {
		counts[picker.Pick(requests.next())]++
	}
	return counts
}
