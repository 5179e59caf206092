package health

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Phase is where a host stands between service and ejection.
type Phase int32

// The phases. A host goes from Serving to OutOfService and comes back by way
// of OnTrial.
const (
	Serving      Phase = iota // takes part
	OutOfService              // ejected, until its time is over
	OnTrial                   // its time is over; takes one request at a time until enough have succeeded
)

const (
	// firstSign is how many failures in a window call for a first look at the
	// host's success rate.
	firstSign = 5
	// trialPatience is how long one trial request may keep the others out. A
	// stream may last for hours; it must not keep its host on trial as long.
	trialPatience = int64(30 * time.Second)
)

// Evidence is what requests have shown of one host, and where that has brought
// it. It belongs to the host and lives as long: it survives changes of
// membership and of rules. The zero value is a host of which nothing is known.
// It must not be copied.
//
// Request goroutines add to it (Ejector.Record) and ask it (Phase, TryTrial)
// without lock or allocation; everything else happens in Ejector.Decide.
type Evidence struct {
	// Written by request goroutines.
	requests atomic.Uint64 // since ever; client aborts left out
	failures atomic.Uint64 // of these
	streak   atomic.Uint64 // a streak
	trial    atomic.Int64  // when the trial request under way began; 0: none is
	passed   atomic.Int32  // trial requests that have succeeded

	// Written by Decide, read by request goroutines.
	phase  atomic.Int32
	needed atomic.Int32  // trial requests that have to succeed
	before atomic.Uint64 // failures before the window

	standing standing
}

// Phase is the host's present phase. Any goroutine may ask.
func (ev *Evidence) Phase() Phase { return Phase(ev.phase.Load()) }

// TryTrial asks whether a host that is OnTrial takes this request, now being
// the caller's monotonic clock in nanoseconds. The one who gets true has to
// say so when it calls Record; the one who gets false has to pick another host.
func (ev *Evidence) TryTrial(now int64) bool {
	began := ev.trial.Load()
	if began != 0 && now-began < trialPatience {
		return false
	}
	return ev.trial.CompareAndSwap(began, max(now, 1))
}

// Record adds the outcome of one try to the host's evidence; trial says that
// TryTrial let it through. It returns true when the pool should call Decide
// soon: a threshold was crossed or a trial is over. Request goroutines call it
// when a lease ends; it neither blocks nor allocates.
func (e *Ejector) Record(ev *Evidence, outcome Outcome, trial bool) (wake bool) {
	phase := ev.Phase()
	if trial && phase == OnTrial {
		return ev.recordTrial(outcome)
	}
	if outcome == ClientAborted {
		return false
	}
	ev.requests.Add(1)
	if outcome == Success {
		if phase == Serving && ev.streak.Load() != 0 {
			ev.streak.Store(0)
		}
		return false
	}
	failures := ev.failures.Add(1)
	if phase != Serving { // a straggler from before the ejection
		return false
	}
	length := ev.extendStreak(outcome)
	return e.rules.Consecutive > 0 && length%e.rules.Consecutive == 0 ||
		!e.rules.IgnoreSuccessRate && isSign(failures-ev.before.Load())
}

// recordTrial judges a trial request. After a failure the trial stays taken:
// nobody else is sent there before Decide has ejected the host again.
func (ev *Evidence) recordTrial(outcome Outcome) (wake bool) {
	switch outcome {
	case ClientAborted:
		ev.trial.Store(0)
		return false
	case Success:
		ev.requests.Add(1)
		enough := ev.passed.Add(1) >= ev.needed.Load()
		ev.trial.Store(0)
		return enough
	}
	ev.requests.Add(1)
	ev.failures.Add(1)
	ev.extendStreak(outcome)
	return true
}

func (ev *Evidence) extendStreak(outcome Outcome) (length int) {
	for {
		old := ev.streak.Load()
		extended := streak(old).extended(outcome)
		if ev.streak.CompareAndSwap(old, uint64(extended)) {
			return extended.length()
		}
	}
}

// isSign picks the numbers of failures in a window at which the success rate is
// looked at: each from 5 to 8, then fewer and fewer (10, 12, 14, 16, 20, 24 ...),
// so that a pool where everything fails is not woken for every failure.
func isSign(failures uint64) bool {
	if failures < firstSign {
		return false
	}
	step := uint64(1) << (bits.Len64(failures) - 3)
	return failures%step == 0
}
