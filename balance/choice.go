package balance

import "math"

// choice is what a picker reads of a candidate while it picks: little, so that
// thousands stay in the processor's caches.
type choice struct {
	load *Load
	// perTry is what one try under way counts: 1 on a host of mean weight, less on
	// a heavier one.
	perTry float64
}

// choicesOf returns the candidates' choices at the same indexes.
func choicesOf(candidates []Candidate) []choice {
	mean := meanWeight(candidates)
	choices := make([]choice, len(candidates))
	for i := range candidates {
		choices[i] = choice{load: candidates[i].Load, perTry: mean / candidates[i].Weight}
	}
	return choices
}

// busy is the number of tries under way, by weight.
func (c *choice) busy() float64 { return float64(c.load.InFlight.Load()) * c.perTry }

// rank orders numbers that are not negative as integers: their bits are in the
// same order. Of "if rank < least { best = i }" on integers the compiler makes a
// conditional move; a jump would be guessed wrong by the processor half of the
// time, and that costs more than all the rest of a pick.
func rank(x float64) uint64 { return math.Float64bits(x) }

// untried returns i, or the next choice after it that had no try yet, or i itself
// when all had theirs. It looks at one more than were tried at most.
func untried(choices []choice, i int, ask *Ask) int {
	at := i
	for range min(ask.ntried, len(choices)-1) + 1 {
		if !ask.Tried(choices[at].load) {
			return at
		}
		if at++; at == len(choices) {
			at = 0
		}
	}
	return i
}

// equalWeights reports whether all candidates have the same weight.
func equalWeights(candidates []Candidate) bool {
	for i := range candidates {
		if candidates[i].Weight != candidates[0].Weight {
			return false
		}
	}
	return true
}

// meanWeight is the candidates' mean weight; > 0.
func meanWeight(candidates []Candidate) float64 {
	sum := 0.0
	for i := range candidates {
		sum += candidates[i].Weight
	}
	return sum / float64(len(candidates))
}
