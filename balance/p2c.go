package balance

// p2c draws two candidates by weight and takes the one with fewer tries under
// way per unit of weight; the first drawn when they are level, so that idle hosts
// share by weight.
//
// In a quiet pool most are level, at none, and tries under way say nothing about
// who is slow. So the second is taken there when the first has lately been
// muchSlower: no noise among like hosts, but one that is sick.
//
// Source: M. Mitzenmacher, "The power of two choices in randomized load
// balancing", IEEE TPDS 12(10), 2001: the second choice brings the fullest host
// from log n / log log n down to log log n over the mean, at the cost of a coin.
type p2c struct{ sampler sampler }

// muchSlower is how many times as slow as another a host must be to lose a tie.
const muchSlower = 10

func newP2C(candidates []Candidate) Picker {
	return &p2c{sampler: newSampler(candidates)}
}

func (p *p2c) Pick(ask *Ask) int {
	r := stream(ask.Random)
	a, b := p.sampler.two(&r, ask)
	first, second := &p.sampler.choices[a], &p.sampler.choices[b]
	x, y := rank(first.busy()), rank(second.busy())
	if x == y {
		x, y = rank(first.load.Latency.at(ask.Now)), rank(second.load.Latency.at(ask.Now)*muchSlower)
	}
	if y < x {
		a = b
	}
	return a
}
