package balance

// peakEWMA, the policy ewma, draws two candidates by weight and takes the one
// that promises the shorter wait: its average latency times the tries under way
// and this one. Latency peaks and failures count at once and are forgotten over
// ten seconds (see EWMA), so it leaves a host that slows down or fails fast, and
// finds back.
//
// A host that was never measured gets one request at a time until it has
// answered. Weights scale the tries under way, and choose the first candidate;
// when they differ, the second must promise half of the wait to be taken, because
// latency's noise would even out the shares otherwise.
//
// Source: peak EWMA over two choices, as in Finagle (finagle/p2c/PeakEwma.scala)
// and linkerd (tower/balance).
type peakEWMA struct {
	sampler sampler
	lead    float64 // how many times shorter the second's wait must be
}

const (
	equalLead    = 1
	weightedLead = 2
	// unmeasuredWait, in nanoseconds, is the latency of a host whose first answer
	// is still to come: above all that is measured.
	unmeasuredWait = 1e12
)

func newPeakEWMA(candidates []Candidate) Picker {
	p := &peakEWMA{sampler: newSampler(candidates), lead: equalLead}
	if !equalWeights(candidates) {
		p.lead = weightedLead
	}
	return p
}

func (p *peakEWMA) Pick(ask *Ask) int {
	r := stream(ask.Random)
	a, b := p.sampler.two(&r, ask)
	if rank(p.wait(b, ask.Now)*p.lead) < rank(p.wait(a, ask.Now)) {
		a = b
	}
	return a
}

// wait is what the candidate promises, in nanoseconds.
func (p *peakEWMA) wait(i int, now int64) float64 {
	c := &p.sampler.choices[i]
	busy, latency := c.busy(), c.load.Latency.at(now)
	if latency == 0 && busy > 0 {
		latency = unmeasuredWait
	}
	return latency * (1 + busy)
}
