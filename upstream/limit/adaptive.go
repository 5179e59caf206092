package limit

import (
	"cmp"
	"math"
	"sync/atomic"
	"time"
)

// AdaptiveRules bound what an Adaptive may find. The zero value is the default.
type AdaptiveRules struct {
	Initial int // limit before anything is known; 0 means 20
	Min     int // lowest limit; 0 means 4
	Max     int // highest limit; 0 means 1000
	// Window is how long latencies are gathered before the limit is looked at
	// again; 0 means 250 ms. It is longer where fewer than 10 requests came in it.
	Window time.Duration
}

const (
	windowSamples = 10   // fewest latencies to judge by
	tolerance     = 1.5  // how much longer than usual an answer may take
	smoothing     = 0.2  // share of each new limit in the next
	usualWindows  = 2400 // the usual latency is the average over so many: ten minutes of 250 ms
	usualWarmUp   = 10   // windows whose plain mean it begins with
	usualRecovery = 0.95 // per window, when answers are twice as fast as usual
)

// Adaptive is a limit of requests in flight that follows the latency. While
// answers take no longer than usual it grows, by a fifth of its square root each
// window; when they take more than half as long again it shrinks in proportion.
// "Usual" is the average over some minutes, so that an upstream which has become
// slower for good is not strangled for ever; for the same reason the limit creeps
// up while more is asked than the upstream can do for minutes on end. The algorithm is
// Gradient2 of Netflix' concurrency-limits, with the allowance for queueing that
// its predecessor had: the square root of the limit, which suits small and
// large limits alike.
//
// A latency is counted with two atomic additions; the request that finds its
// window over does the arithmetic for all. Any goroutine may call it; nothing
// blocks and nothing is allocated. NewAdaptive makes one.
type Adaptive struct {
	rules AdaptiveRules

	limit atomic.Int64

	// The window, filled by everybody.
	began   atomic.Int64
	samples atomic.Int64
	sum     atomic.Int64 // nanoseconds
	most    atomic.Int64 // most requests in flight at once

	// Held by the one who closes a window; what follows belongs to it.
	closing atomic.Bool
	exact   float64 // the limit, unrounded
	usual   float64 // long-term average of the latency, nanoseconds; 0: none yet
	windows int     // seen so far, up to usualWarmUp
}

// NewAdaptive returns an Adaptive with the initial limit.
func NewAdaptive(rules AdaptiveRules) *Adaptive {
	rules.Min = cmp.Or(max(rules.Min, 0), 4)
	rules.Max = max(cmp.Or(max(rules.Max, 0), 1000), rules.Min)
	rules.Initial = min(max(cmp.Or(rules.Initial, 20), rules.Min), rules.Max)
	rules.Window = cmp.Or(max(rules.Window, 0), 250*time.Millisecond)
	a := &Adaptive{rules: rules, exact: float64(rules.Initial)}
	a.limit.Store(int64(rules.Initial))
	return a
}

// Limit is the present limit.
func (a *Adaptive) Limit() int { return int(a.limit.Load()) }

// Observe counts one answer: how long it took and how many requests were in
// flight beside it, itself included. now is the caller's monotonic clock in
// nanoseconds, never 0. It returns true to the one call that changes the limit.
// Time-outs are to be counted with the time they took; tries that failed
// without an answer, and so say nothing about the load, not at all.
func (a *Adaptive) Observe(now int64, latency time.Duration, inFlight int) (changed bool) {
	a.sum.Add(int64(latency))
	a.raiseMost(int64(inFlight))
	samples := a.samples.Add(1)
	began := a.began.Load()
	if began == 0 {
		a.began.CompareAndSwap(0, now)
		return false
	}
	if now-began < int64(a.rules.Window) || samples < windowSamples || !a.closing.CompareAndSwap(false, true) {
		return false
	}
	defer a.closing.Store(false)
	if a.began.Load() != began { // somebody has just closed this window
		return false
	}
	return a.closeWindow(now)
}

func (a *Adaptive) raiseMost(inFlight int64) {
	for {
		most := a.most.Load()
		if inFlight <= most || a.most.CompareAndSwap(most, inFlight) {
			return
		}
	}
}

// closeWindow draws the conclusion from one window and begins the next.
// Latencies that come in between are counted in either.
func (a *Adaptive) closeWindow(now int64) (changed bool) {
	samples, sum, most := a.samples.Swap(0), a.sum.Swap(0), a.most.Swap(0)
	a.began.Store(now)
	mean := float64(sum) / float64(max(samples, 1))
	if mean <= 0 {
		return false
	}
	usual := a.learn(mean)
	a.exact = a.next(mean, usual, float64(most))
	after := int64(math.Round(a.exact))
	return a.limit.Swap(after) != after
}

// learn takes one window's mean into the long-term average and returns it.
func (a *Adaptive) learn(mean float64) float64 {
	if a.windows < usualWarmUp {
		a.windows++
		a.usual += (mean - a.usual) / float64(a.windows)
	} else {
		a.usual += (mean - a.usual) * 2 / (usualWindows + 1)
	}
	usual := a.usual
	if usual > 2*mean { // it was slow for long, and has recovered
		a.usual *= usualRecovery
	}
	return usual
}

// next is the limit after a window. An upstream that used less than half of its
// limit has proven nothing, and keeps it.
func (a *Adaptive) next(mean, usual, most float64) float64 {
	if most < a.exact/2 {
		return a.exact
	}
	gradient := min(max(tolerance*usual/mean, 0.5), 1)
	wanted := a.exact*gradient + math.Sqrt(a.exact)
	smooth := a.exact*(1-smoothing) + wanted*smoothing
	return min(max(smooth, float64(a.rules.Min)), float64(a.rules.Max))
}
