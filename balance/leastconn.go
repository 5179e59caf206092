package balance

import (
	"math"
	"sync/atomic"
)

const (
	// scanLimit is the longest list in which least_conn looks at every candidate.
	scanLimit = 16
	// sampleSize is how many candidates it looks at in a longer one.
	sampleSize = 4
)

// leastConn picks the candidate with the fewest tries under way per unit of
// weight. Where several are level, they take turns by weight.
//
// In a list of more than scanLimit candidates leastOfSample takes its place:
// looking at 5,000 would cost microseconds, and the best of a few is nearly as
// good.
//
// Source: nginx's least_conn (the same measure, turns for the level ones);
// grpc-go's leastrequest and Envoy's LEAST_REQUEST for the sample.
type leastConn struct {
	choices []choice
	order   *rotation
}

func leastConnBuilder(start uint64) builder {
	turn := new(atomic.Uint64)
	turn.Store(start)
	return func(candidates []Candidate) Picker {
		if len(candidates) > scanLimit {
			return &leastOfSample{sampler: newSampler(candidates)}
		}
		return &leastConn{choices: choicesOf(candidates), order: newRotation(candidates, turn)}
	}
}

// Pick looks at every candidate, beginning with the one whose turn it is.
func (p *leastConn) Pick(ask *Ask) int {
	turn := p.order.nextUntried(p.choices, ask)
	best, least := turn, rankFor(&p.choices[turn], ask)
	for step := 1; step < len(p.choices); step++ {
		i := turn + step
		if i >= len(p.choices) {
			i -= len(p.choices)
		}
		r := rankFor(&p.choices[i], ask)
		if r < least {
			best = i
		}
		least = min(least, r)
	}
	return best
}

// leastOfSample is least_conn over a long list: the least busy of a few that are
// drawn by weight, the first drawn when they are level.
type leastOfSample struct{ sampler sampler }

func (p *leastOfSample) Pick(ask *Ask) int {
	random := stream(ask.Random)
	best := p.sampler.one(&random, ask)
	least := rankFor(&p.sampler.choices[best], ask)
	for range sampleSize - 1 {
		i := p.sampler.draw(random.next())
		r := rankFor(&p.sampler.choices[i], ask)
		if r < least {
			best = i
		}
		least = min(least, r)
	}
	return best
}

// rankFor is the rank of a choice's load, the last of all when it had its try.
func rankFor(c *choice, ask *Ask) uint64 {
	if ask.ntried > 0 && ask.Tried(c.load) {
		return math.MaxUint64
	}
	return rank(c.busy())
}
