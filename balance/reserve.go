package balance

import "math"

// Weights are kept within these, so that sums and ratios of any list are finite
// and not 0.
const (
	minWeight = 1e-9
	maxWeight = 1e9
)

// reserve is a picker for lists in which some candidates have weight 0. Those
// are the reserve: they serve only when every other candidate had its try.
//
// Source: RFC 2782 gives records of weight 0 "a very small chance" beside others
// and lets them share evenly when all are 0. Operators who set a weight of 0
// mean no traffic, so the small chance is the last chance here.
type reserve struct {
	candidates []Candidate
	first      Picker
	firstAt    []int // position in candidates of each of first's
	rest       Picker
	restAt     []int
}

// withReserve builds the picker of a list that may hold any weights.
func withReserve(candidates []Candidate, build builder) Picker {
	firstAt, restAt := splitByWeight(candidates)
	switch {
	case len(restAt) == 0:
		return build(subset(candidates, firstAt, weightOf))
	case len(firstAt) == 0:
		return build(subset(candidates, restAt, evenWeight))
	}
	return &reserve{
		candidates: candidates,
		first:      build(subset(candidates, firstAt, weightOf)),
		firstAt:    firstAt,
		rest:       build(subset(candidates, restAt, evenWeight)),
		restAt:     restAt,
	}
}

func (r *reserve) Pick(ask *Ask) int {
	i := r.firstAt[r.first.Pick(ask)]
	if !ask.Tried(r.candidates[i].Load) {
		return i
	}
	if j := r.restAt[r.rest.Pick(ask)]; !ask.Tried(r.candidates[j].Load) {
		return j
	}
	return i
}

// splitByWeight returns the positions of candidates with a weight, and of those
// without.
func splitByWeight(candidates []Candidate) (first, rest []int) {
	first = make([]int, 0, len(candidates))
	for i := range candidates {
		if weightOf(&candidates[i]) > 0 {
			first = append(first, i)
		} else {
			rest = append(rest, i)
		}
	}
	return first, rest
}

// subset copies the candidates at the given positions with weights that builders
// can rely on.
func subset(candidates []Candidate, at []int, weight func(*Candidate) float64) []Candidate {
	s := make([]Candidate, len(at))
	for i, from := range at {
		s[i] = candidates[from]
		s[i].Weight = weight(&s[i])
	}
	return s
}

// weightOf is the candidate's weight; 0 for what is no weight (negative, NaN).
func weightOf(c *Candidate) float64 {
	if math.IsNaN(c.Weight) || c.Weight <= 0 {
		return 0
	}
	return min(max(c.Weight, minWeight), maxWeight)
}

func evenWeight(*Candidate) float64 { return 1 }
