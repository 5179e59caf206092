package balance

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// maglev maps the hash of a key to a candidate. Candidates hold slots of the
// table in proportion to their weights, and a change of membership moves few
// slots but those of the candidates that came or went. It depends on IDs and
// weights only, never on the order of the list, so all sidecars agree.
//
// Source: section 3.4 of D. E. Eisenbud et al., "Maglev: a fast and reliable
// software network load balancer", NSDI 2016. Weights as in Envoy's
// maglev_lb.cc: a candidate takes its next slot whenever its credit is full.
type maglev struct {
	slots []int32
}

// tableSizes are primes, as the permutations need. A table has slotsPerHost
// slots for each candidate where that is possible; the largest keeps an update
// of 5,000 endpoints at a few milliseconds.
var tableSizes = [...]int{1021, 4093, 16381, 65537}

const slotsPerHost = 100

func newMaglev(candidates []Candidate) maglev {
	size := tableSize(len(candidates))
	slots := make([]int32, size)
	for i := range slots {
		slots[i] = -1
	}
	fill(slots, seekersOf(candidates, size))
	return maglev{slots: slots}
}

// at returns the candidate of a hash.
func (m maglev) at(hash uint64) int {
	slot, _ := bits.Mul64(hash, uint64(len(m.slots)))
	return int(m.slots[slot])
}

func tableSize(candidates int) int {
	for _, size := range tableSizes {
		if size >= slotsPerHost*candidates {
			return size
		}
	}
	return tableSizes[len(tableSizes)-1]
}

// seeker is a candidate looking for slots: it goes through all of them in an
// order of its own, by steps of skip from a first one.
type seeker struct {
	candidate int32
	next      int
	skip      int
	credit    float64
	perRound  float64 // slots it may take in a round; 1 on average
}

func seekersOf(candidates []Candidate, size int) []seeker {
	mean := meanWeight(candidates)
	order := make([]int, len(candidates))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(candidates[a].ID, candidates[b].ID) })
	seekers := make([]seeker, len(candidates))
	for at, i := range order {
		hash := xxhash.Sum64String(candidates[i].ID)
		seekers[at] = seeker{
			candidate: int32(i),
			next:      int(hash % uint64(size)),
			skip:      int(mix(hash)%uint64(size-1)) + 1,
			perRound:  candidates[i].Weight / mean,
		}
	}
	return seekers
}

// fill lets the seekers take free slots in turns until none is left.
func fill(slots []int32, seekers []seeker) {
	free := len(slots)
	for {
		for i := range seekers {
			s := &seekers[i]
			for s.credit += s.perRound; s.credit >= 1; s.credit-- {
				slots[s.seek(slots)] = s.candidate
				if free--; free == 0 {
					return
				}
			}
		}
	}
}

// seek returns the first free slot in the seeker's order.
func (s *seeker) seek(slots []int32) int {
	for {
		at := s.next
		if s.next += s.skip; s.next >= len(slots) {
			s.next -= len(slots)
		}
		if slots[at] < 0 {
			return at
		}
	}
}

// mix is one more hash of a hash.
func mix(hash uint64) uint64 {
	s := stream(hash)
	return s.next()
}
