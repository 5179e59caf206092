package health

import (
	"fmt"
	"math"
	"time"
)

// maxTrials bounds how many trial requests a host has to pass.
const maxTrials = 5

// standing is the part of Evidence that only Decide touches.
type standing struct {
	available bool          // Member.Available at the last decision
	serving   int64         // when the host last began to serve
	until     int64         // when its ejection ends
	lasts     time.Duration // how long its ejection is
	times     int           // ejections not yet made good; the next lasts BaseTime << times
	requests  uint64        // requests before the window
}

// window is what the host did since the window began. Counters move while they
// are read: failures are read first and never exceed the requests.
func (ev *Evidence) window() tally {
	failures := ev.failures.Load() - ev.before.Load()
	requests := ev.requests.Load() - ev.standing.requests
	return tally{requests, min(failures, requests)}
}

// startAfresh forgets rows and rates; what ejections the host had stays known.
func (ev *Evidence) startAfresh(now int64) {
	ev.standing.serving = now
	ev.streak.Store(0)
	ev.markWindow()
}

func (ev *Evidence) markWindow() {
	ev.standing.requests = ev.requests.Load()
	ev.before.Store(ev.failures.Load())
}

// turnWindow begins a new window. A host that served throughout the old one has
// made one ejection good.
func (ev *Evidence) turnWindow(began int64) {
	if ev.Phase() == Serving && ev.standing.serving <= began {
		ev.standing.times = max(ev.standing.times-1, 0)
	}
	ev.markWindow()
}

// settle moves one host on whose ejection or trial is over.
func (e *Ejector) settle(now int64, m *Member, d *Decision) {
	ev := m.Evidence
	switch ev.Phase() {
	case OutOfService:
		if now >= ev.standing.until {
			d.putOnTrial(m)
		}
	case OnTrial:
		if failed := streak(ev.streak.Load()); failed.length() > 0 {
			e.eject(now, m, charge{cause: FailedTrial, reason: "trial request ended in " + failed.kinds()}, d)
		} else if ev.passed.Load() >= ev.needed.Load() {
			d.takeBack(now, m, fmt.Sprintf("back after ejection for %v", ev.standing.lasts))
		}
	}
}

// eject puts a host out of service for a time that doubles with each ejection
// not yet made good.
func (e *Ejector) eject(now int64, m *Member, c charge, d *Decision) {
	s := &m.Evidence.standing
	lasts := e.rules.MaxTime
	if doubled := float64(e.rules.BaseTime) * math.Pow(2, float64(s.times)); doubled < float64(lasts) {
		lasts = time.Duration(doubled)
		s.times++
	}
	s.lasts, s.until = lasts, now+int64(lasts)
	m.Evidence.phase.Store(int32(OutOfService))
	d.Changes = append(d.Changes, Change{ID: m.ID, To: OutOfService, Cause: c.cause, For: lasts,
		Reason: fmt.Sprintf("ejected for %v: %s", lasts, c.reason)})
}

// putOnTrial lets single requests through: one has to succeed after the first
// ejection, two in a row after the second, and so on up to maxTrials.
func (d *Decision) putOnTrial(m *Member) {
	ev := m.Evidence
	needed := min(max(ev.standing.times, 1), maxTrials)
	ev.needed.Store(int32(needed))
	ev.passed.Store(0)
	ev.streak.Store(0)
	ev.trial.Store(0)
	ev.phase.Store(int32(OnTrial))
	plural := "request"
	if needed > 1 {
		plural = "requests in a row"
	}
	d.Changes = append(d.Changes, Change{ID: m.ID, To: OnTrial,
		Reason: fmt.Sprintf("on trial after ejection for %v: %d %s must succeed", ev.standing.lasts, needed, plural)})
}

func (d *Decision) takeBack(now int64, m *Member, reason string) {
	m.Evidence.startAfresh(now)
	m.Evidence.phase.Store(int32(Serving))
	d.Changes = append(d.Changes, Change{ID: m.ID, To: Serving, Reason: reason})
}

// returnAll takes every available host back into service at once.
func (d *Decision) returnAll(now int64, members []Member, why string) {
	for i := range members {
		if m := &members[i]; m.Available && m.Evidence.Phase() != Serving {
			d.takeBack(now, m, "back before its time: "+why)
		}
	}
}
