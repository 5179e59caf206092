package balance

// random picks any candidate, by weight, whatever its load.
//
// Source: weighted random choice as RFC 2782 asks of clients of SRV records; see
// sampler for the table.
type random struct{ sampler sampler }

func newRandom(candidates []Candidate) Picker {
	return &random{sampler: newSampler(candidates)}
}

func (p *random) Pick(ask *Ask) int {
	r := stream(ask.Random)
	return p.sampler.one(&r, ask)
}
