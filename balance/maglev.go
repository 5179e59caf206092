package balance

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"pingap-go/internal/pace"
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
	slots []uint16 // candidate + 1; 0 is a free slot, while the table fills
}

const (
	// tableSize is the same for all lists, because a table of another size gives
	// nearly every key to another host. It is a prime, as the permutations need.
	// A host that leaves one hundred takes 0.7% of the others' keys with it.
	tableSize = 65537
	// maxSeekers is how many candidates a slot can tell apart. Beyond, the last
	// ones by ID get no keys.
	maxSeekers = 1<<16 - 1
	// restEvery is after how many turns of seekers it is time to look at the time.
	restEvery = 64
)

func newMaglev(candidates []Candidate) maglev {
	slots := make([]uint16, tableSize)
	fill(slots, seekersOf(candidates))
	return maglev{slots: slots}
}

// at returns the candidate of a hash.
func (m maglev) at(hash uint64) int {
	slot, _ := bits.Mul64(hash, uint64(len(m.slots)))
	return int(m.slots[slot]) - 1
}

// seeker is a candidate looking for slots: it goes through all of them in an
// order of its own, by steps of skip from a first one.
type seeker struct {
	mark     uint16 // what it writes into its slots
	next     int
	skip     int
	credit   float64
	perRound float64 // slots it may take in a round; 1 on average
}

func seekersOf(candidates []Candidate) []seeker {
	order := make([]int, len(candidates))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(candidates[a].ID, candidates[b].ID) })
	order = order[:min(len(order), maxSeekers)]
	mean := meanWeight(candidates)
	seekers := make([]seeker, len(order))
	for at, i := range order {
		hash := xxhash.Sum64String(candidates[i].ID)
		seekers[at] = seeker{
			mark:     uint16(i + 1),
			next:     int(hash % tableSize),
			skip:     int(mix(hash)%(tableSize-1)) + 1,
			perRound: candidates[i].Weight / mean,
		}
	}
	return seekers
}

// fill lets the seekers take free slots in turns until none is left. Of thousands
// each looks at many before the last ones are found, and requests run meanwhile.
func fill(slots []uint16, seekers []seeker) {
	var p pace.Pace
	p.Begin()
	free := len(slots)
	for {
		for i := range seekers {
			if i%restEvery == 0 {
				p.Rest()
			}
			s := &seekers[i]
			for s.credit += s.perRound; s.credit >= 1; s.credit-- {
				slots[s.seek(slots)] = s.mark
				if free--; free == 0 {
					return
				}
			}
		}
	}
}

// seek returns the first free slot in the seeker's order.
func (s *seeker) seek(slots []uint16) int {
	for {
		at := s.next
		if s.next += s.skip; s.next >= len(slots) {
			s.next -= len(slots)
		}
		if slots[at] == 0 {
			return at
		}
	}
}

// mix is one more hash of a hash.
func mix(hash uint64) uint64 {
	s := stream(hash)
	return s.next()
}
