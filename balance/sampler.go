package balance

import (
	"math"
	"math/bits"
)

// sampler draws candidates at random in proportion to their weights, in O(1).
//
// Source: the alias method of A. J. Walker (1977) with M. D. Vose's O(n)
// construction (IEEE Transactions on Software Engineering 17(9), 1991). Equal
// weights need no table.
type sampler struct {
	choices []choice
	cells   []cell // nil when all weights are equal
}

// cell is one column of the alias table. A draw within it, a fraction of 2^64,
// is for the first of its two candidates up to the threshold, and for the second
// above.
type cell struct {
	threshold uint64
	either    [2]int32
}

func newSampler(candidates []Candidate) sampler {
	s := sampler{choices: choicesOf(candidates)}
	if !equalWeights(candidates) {
		s.cells = aliasTable(candidates)
	}
	return s
}

// draw returns a candidate by weight. random is a fresh random number.
func (s *sampler) draw(random uint64) int {
	column, fraction := bits.Mul64(random, uint64(len(s.choices)))
	if s.cells == nil {
		return int(column)
	}
	c := &s.cells[column]
	_, above := bits.Sub64(c.threshold, fraction, 0) // an index, not a jump; see rank
	return int(c.either[above&1])
}

// redraws is how often a draw that had its try already is drawn again before its
// neighbour is taken. Redrawing keeps the spread even.
const redraws = 3

// one draws a candidate that had no try yet, while one is left.
func (s *sampler) one(r *stream, ask *Ask) int {
	i := s.draw(r.next())
	if ask.ntried == 0 {
		return i
	}
	for range redraws {
		if !ask.Tried(s.choices[i].load) {
			return i
		}
		i = s.draw(r.next())
	}
	return untried(s.choices, i, ask)
}

// two draws two different candidates that had no try yet. They are the same when
// only one is left.
func (s *sampler) two(r *stream, ask *Ask) (int, int) {
	a, b := s.one(r, ask), s.one(r, ask)
	if n := len(s.choices); a == b && n > 1 {
		step, _ := bits.Mul64(r.next(), uint64(n-1))
		if b = a + 1 + int(step); b >= n {
			b -= n
		}
		b = untried(s.choices, b, ask)
	}
	if ask.ntried > 0 && ask.Tried(s.choices[b].load) {
		return a, a
	}
	return a, b
}

// aliasTable pairs candidates below the mean weight with those above it until
// every column is worth one mean.
func aliasTable(candidates []Candidate) []cell {
	cells := make([]cell, len(candidates))
	mean := meanWeight(candidates)
	worth := make([]float64, len(candidates))
	var small, large []int
	for i := range candidates {
		cells[i] = cell{threshold: math.MaxUint64, either: [2]int32{int32(i), int32(i)}}
		worth[i] = candidates[i].Weight / mean
		if worth[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		cells[s] = cell{threshold: uint64(worth[s] * (1 << 64)), either: [2]int32{int32(s), int32(l)}}
		if worth[l] -= 1 - worth[s]; worth[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	return cells
}

// stream makes many random numbers of the one that the caller brings.
//
// Source: SplitMix64; G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014.
type stream uint64

func (s *stream) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
