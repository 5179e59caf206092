package upstream

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Hedge says when a second host is asked because the first is slow. The zero
// value is never.
type Hedge struct {
	// After is how long the first host may take; 0 = by Percentile.
	After time.Duration
	// Percentile of the pool's own latencies (95 = "p95"); 0 = off.
	Percentile float64
}

// latencies is a histogram of how long answers take, in steps of a quarter of a
// doubling from a microsecond on. Old values fade: counts are halved regularly.
type latencies struct {
	counts [latencySteps]atomic.Uint32
}

// latencySteps reach beyond an hour.
const latencySteps = 128

// add counts one answer. It is called on the request path.
func (l *latencies) add(d time.Duration) { l.counts[latencyStep(d)].Add(1) }

// latencyStep is the bucket of a duration: its power of two in microseconds, and
// the two bits behind the first.
func latencyStep(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 4))
	power := bits.Len64(us) - 1
	step := (power-2)*4 + int(us>>(power-2))&3
	return min(step, latencySteps-1)
}

// stepEnd is the upper end of a bucket.
func stepEnd(step int) time.Duration {
	power, quarter := step/4+2, step%4
	return time.Duration((4+uint64(quarter)+1)<<(power-2)) * time.Microsecond
}

// enoughToHedge is how many answers a percentile must rest on.
const enoughToHedge = 20

// percentile is the latency that p percent of the recent answers stayed under;
// 0 while too few are known.
func (l *latencies) percentile(p float64) time.Duration {
	var total uint64
	for i := range l.counts {
		total += uint64(l.counts[i].Load())
	}
	if total < enoughToHedge {
		return 0
	}
	left := uint64(float64(total) * p / 100)
	for i := range l.counts {
		n := uint64(l.counts[i].Load())
		if n > left {
			return stepEnd(i)
		}
		left -= n
	}
	return stepEnd(len(l.counts) - 1)
}

// fade halves what is known, so that the last minutes count most.
func (l *latencies) fade() {
	for i := range l.counts {
		n := l.counts[i].Load()
		l.counts[i].Add(-(n - n/2))
	}
}

// HedgeAfter is how long to wait for a host's answer before another host is
// asked as well; 0 = do not.
func (p *Pool) HedgeAfter() time.Duration {
	h := &p.options.Hedge
	switch {
	case h.After > 0:
		return h.After
	case h.Percentile > 0:
		return time.Duration(p.hedgeAfter.Load())
	}
	return 0
}
