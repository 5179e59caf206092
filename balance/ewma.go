package balance

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	// decay is the time in which an old latency loses 63% of its say.
	decay = 10 * time.Second
	// halfLife is the time, in nanoseconds, in which it loses half of it.
	halfLife = float64(decay) * math.Ln2
	// A failed try counts as failureFactor times the average latency, within
	// these limits: one failure of a good host costs it little, failures in a row
	// multiply.
	failureFactor = 10
	failureFloor  = 100 * time.Millisecond
	failureCap    = 10 * time.Second
)

// EWMA is the latency of one host as a peak-sensitive, exponentially weighted
// moving average: it jumps to a latency above it at once and forgets it slowly.
// The zero value has never measured anything. All methods may be called from any
// goroutine; none takes a lock.
//
// Source: the cost of Finagle's and linkerd's peak EWMA
// (finagle/p2c/PeakEwma.scala, tower/balance/peak_ewma.rs), with their decay of 10 s.
type EWMA struct {
	// A reader may see one of the two newer than the other; it is off by less
	// than the one observation then.
	average atomic.Uint64 // bits of a float64, nanoseconds; 0: never measured
	updated atomic.Int64  // caller's clock, nanoseconds
}

// Observe takes in that a try ended at now with its first response byte, or its
// failure, after d. now is the monotonic clock of Ask.Now.
func (e *EWMA) Observe(now int64, d time.Duration, failed bool) {
	age := e.claim(now)
	for {
		old := e.average.Load()
		average := math.Float64frombits(old)
		next := blend(average, sample(average, d, failed), age)
		if e.average.CompareAndSwap(old, math.Float64bits(next)) {
			return
		}
	}
}

// Value is the average at now, in which silence counts as good news: a host that
// was slow once gets another chance when its latency is forgotten. 0 means never
// measured; a measured host never shows less than 1 ns.
func (e *EWMA) Value(now int64) time.Duration {
	return time.Duration(e.at(now))
}

// Forget makes the host one that was never measured: what it was like says nothing
// any more about what it is like.
func (e *EWMA) Forget() { e.average.Store(0) }

// at is Value in nanoseconds, for pickers.
func (e *EWMA) at(now int64) float64 {
	average := math.Float64frombits(e.average.Load())
	if average == 0 {
		return 0
	}
	if age := now - e.updated.Load(); age > 0 {
		average *= halving(float64(age) / halfLife)
	}
	return max(1, average)
}

// claim moves the clock to now and returns the time since the last observation.
// Of several callers at one instant, one gets the time and the others 0.
func (e *EWMA) claim(now int64) int64 {
	for {
		last := e.updated.Load()
		if now <= last {
			return 0
		}
		if e.updated.CompareAndSwap(last, now) {
			return now - last
		}
	}
}

// sample is what an observation counts as, in nanoseconds.
func sample(average float64, d time.Duration, failed bool) float64 {
	took := float64(max(1, d))
	if !failed {
		return took
	}
	penalty := min(max(failureFactor*average, float64(failureFloor)), float64(failureCap))
	return max(took, penalty)
}

// blend is the average after a sample that came age after the one before.
func blend(average, sample float64, age int64) float64 {
	if average == 0 || sample >= average {
		return sample
	}
	kept := fading(age)
	return average*kept + sample*(1-kept)
}

// halving is 2 to the power of -x, within 6%: exact at whole numbers and straight
// between them, which is what the exponent and mantissa of a float64 make of a
// straight line. It costs a tenth of math.Exp.
func halving(x float64) float64 {
	if x > 1000 {
		return 0
	}
	return math.Float64frombits(uint64(int64((1023 - x) * (1 << 52))))
}

// fading is the share of its say that an average keeps over an age.
func fading(age int64) float64 { return math.Exp(-float64(age) / float64(decay)) }
