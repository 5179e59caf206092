package balance

// p2c draws two candidates by weight and takes the one with fewer tries under
// way per unit of weight; the first drawn when they are level, so that idle hosts
// share by weight.
//
// Source: M. Mitzenmacher, "The power of two choices in randomized load
// balancing", IEEE TPDS 12(10), 2001: the second choice brings the fullest host
// from log n / log log n down to log log n over the mean, at the cost of a coin.
type p2c struct{ sampler sampler }

func newP2C(candidates []Candidate) Picker {
	return &p2c{sampler: newSampler(candidates)}
}

func (p *p2c) Pick(ask *Ask) int {
	r := stream(ask.Random)
	a, b := p.sampler.two(&r, ask)
	if rank(p.sampler.choices[b].busy()) < rank(p.sampler.choices[a].busy()) {
		a = b
	}
	return a
}
