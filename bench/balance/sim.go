package main

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"pingap-go/balance"
)

// scenario is a pool under a steady stream of requests. Every host answers any
// number of requests at once, each after its own service time: a pure delay. A
// slow host with a queue would be slower yet under policies that do not leave it.
type scenario struct {
	service  []time.Duration // mean service time of each host
	failing  []float64       // share of its answers that are failures; nil: none
	rate     int             // requests a second, arriving at random (Poisson)
	duration time.Duration   // of virtual time
	warmUp   time.Duration   // what starts before is not counted
	seed     uint64
}

// result is what the clients and hosts of a scenario saw.
type result struct {
	latencies []time.Duration // of each counted request
	picks     []int           // counted requests of each host
	failures  int             // counted requests that failed
}

// simulation runs one policy through a scenario on a virtual clock. Equal seeds
// give equal results.
type simulation struct {
	scenario
	random     *rand.Rand
	candidates []balance.Candidate
	picker     balance.Picker
	inFlight   atomic.Int64
	answers    answers
	result     result
}

func simulate(algorithm string, s scenario) (result, error) {
	sim := &simulation{scenario: s, random: rand.New(rand.NewPCG(s.seed, 0)), candidates: hosts(len(s.service))}
	policy, err := balance.New(algorithm, balance.Settings{Bound: balance.DefaultBound, InFlight: &sim.inFlight})
	if err != nil {
		return result{}, err
	}
	sim.picker = policy.Picker(sim.candidates)
	sim.result.picks = make([]int, len(s.service))
	sim.run()
	return sim.result, nil
}

// run lets requests arrive and answers come back in the order of time.
func (s *simulation) run() {
	for now := s.pause(); now < s.duration; now += s.pause() {
		for len(s.answers) > 0 && s.answers[0].at <= now {
			s.receive(heap.Pop(&s.answers).(answer))
		}
		s.send(now)
	}
}

// pause is the time until the next request.
func (s *simulation) pause() time.Duration {
	return time.Duration(s.random.ExpFloat64() * float64(time.Second) / float64(s.rate))
}

// send picks a host as the pool does for a lease.
func (s *simulation) send(now time.Duration) {
	ask := balance.Ask{Now: int64(now), Random: s.random.Uint64(), Key: fmt.Sprint(s.random.Uint64())}
	host := s.picker.Pick(&ask)
	s.candidates[host].Load.InFlight.Add(1)
	s.inFlight.Add(1)
	took := s.serviceTime(host)
	a := answer{at: now + took, host: host, took: took, failed: s.fails(host)}
	heap.Push(&s.answers, a)
	if now >= s.warmUp {
		s.count(a)
	}
}

func (s *simulation) count(a answer) {
	s.result.latencies = append(s.result.latencies, a.took)
	s.result.picks[a.host]++
	if a.failed {
		s.result.failures++
	}
}

func (s *simulation) fails(host int) bool {
	return s.failing != nil && s.random.Float64() < s.failing[host]
}

// serviceTime varies around the host's mean: half of it is fixed, half is
// exponentially distributed.
func (s *simulation) serviceTime(host int) time.Duration {
	return time.Duration(float64(s.service[host]) * (0.5 + 0.5*s.random.ExpFloat64()))
}

// receive ends a request as Lease.Done does.
func (s *simulation) receive(a answer) {
	load := s.candidates[a.host].Load
	load.InFlight.Add(-1)
	s.inFlight.Add(-1)
	load.Latency.Observe(int64(a.at), a.took, a.failed)
}

// answer is a response on its way.
type answer struct {
	at     time.Duration
	host   int
	took   time.Duration
	failed bool
}

// answers is a heap by time.
type answers []answer

func (a answers) Len() int           { return len(a) }
func (a answers) Less(i, j int) bool { return a[i].at < a[j].at }
func (a answers) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *answers) Push(x any)        { *a = append(*a, x.(answer)) }
func (a *answers) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

// percentile returns the latency that a share of the requests stayed below.
func (r *result) percentile(share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(r.latencies))
	return sorted[int(share*float64(len(sorted)-1))]
}

// share is the part of the requests that a host got.
func (r *result) share(host int) float64 {
	return float64(r.picks[host]) / float64(len(r.latencies))
}

func hosts(n int) []balance.Candidate {
	candidates := make([]balance.Candidate, n)
	for i := range candidates {
		id := fmt.Sprintf("host-%d:8080", i+1)
		candidates[i] = balance.Candidate{ID: id, Weight: 1, Load: new(balance.Load)}
	}
	return candidates
}
