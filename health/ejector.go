package health

import (
	"cmp"
	"math"
	"time"
)

// Rules are when the Ejector ejects and for how long. The zero value is the
// default.
type Rules struct {
	// Off ejects nobody, and lets those return who were ejected before.
	Off bool
	// Consecutive is how many failures in a row eject a host; 0 means 5,
	// negative means that a row of failures does not count.
	Consecutive int
	// IgnoreSuccessRate keeps hosts that fail more often than the others.
	IgnoreSuccessRate bool
	// Interval is the window of the success rate; 0 means 10 s.
	Interval time.Duration
	// MinRequests is how many requests a host must have had in the window to be
	// judged by its success rate; 0 means 10.
	MinRequests int
	// MinHosts is how many hosts with as many requests there must be to compare;
	// 0 means 2, and fewer than 2 cannot be compared.
	MinHosts int
	// BaseTime is how long the first ejection lasts; each further one lasts twice
	// as long as the one before. 0 means 5 s.
	BaseTime time.Duration
	// MaxTime is the longest ejection; 0 means 5 min.
	MaxTime time.Duration
	// MaxShare is the share of a pool's hosts that may be ejected at a time;
	// 0 means 0.5. One host may always be, but never the last.
	MaxShare float64
}

func (r Rules) withDefaults() Rules {
	r.Consecutive = cmp.Or(r.Consecutive, 5)
	r.Interval = cmp.Or(max(r.Interval, 0), 10*time.Second)
	r.MinRequests = cmp.Or(max(r.MinRequests, 0), 10)
	r.MinHosts = max(r.MinHosts, 2)
	r.BaseTime = cmp.Or(max(r.BaseTime, 0), 5*time.Second)
	r.MaxTime = max(cmp.Or(max(r.MaxTime, 0), 5*time.Minute), r.BaseTime)
	r.MaxShare = min(cmp.Or(max(r.MaxShare, 0), 0.5), 1)
	return r
}

// Member is one host of the pool, as Decide has to know it.
type Member struct {
	// ID is the endpoint's identity; it comes back in Change.
	ID string
	// Evidence is the host's own.
	Evidence *Evidence
	// Available says that registry and probe both let the host serve. Hosts that
	// are not available are not judged, and count neither as ejected nor as left.
	Available bool
}

// Cause is why a host was ejected, as a metric label.
type Cause string

// The causes.
const (
	Consecutive Cause = "consecutive_failures"
	SuccessRate Cause = "success_rate"
	FailedTrial Cause = "failed_trial"
)

// Change is one host's step from one phase to another.
type Change struct {
	ID string
	To Phase
	// Cause is set for ejections only.
	Cause Cause
	// Reason is for people: "ejected for 10s: 5 consecutive 5xx". It stays true
	// until the host's next change.
	Reason string
	// For is how long an ejection lasts.
	For time.Duration
}

// Decision is what Decide has come to.
type Decision struct {
	// Changes are in the order in which they were made. Usually there are none.
	Changes []Change
	// Next is when Decide is to be called again at the latest.
	Next int64
}

// Ejector decides who of one pool is ejected, and who returns. What it knows
// of a host is kept in the host's Evidence; hosts may come and go, and another
// Ejector with other rules may take over.
type Ejector struct {
	rules  Rules
	window int64 // when the window of the success rate began; 0: not yet
	// scratch is gather's list from one decision to the next: a pool of thousands
	// decides often, and mostly that there is nothing to do.
	scratch []suspect
}

// NewEjector returns an Ejector of these rules.
func NewEjector(rules Rules) *Ejector { return &Ejector{rules: rules.withDefaults()} }

// Decide lets hosts return whose time is over, settles trials and ejects whom
// the evidence speaks against, the worst first. The pool's goroutine calls it
// at Decision.Next, when Record asked for it, and after every change of
// membership or availability. members are all hosts of the pool; now is the
// clock of TryTrial: nanoseconds, monotonic, never 0.
func (e *Ejector) Decide(now int64, members []Member) Decision {
	var d Decision
	for i := range members {
		e.noticeAvailability(now, &members[i])
	}
	if e.rules.Off {
		d.returnAll(now, members, "ejection was turned off")
		return Decision{Changes: d.Changes, Next: math.MaxInt64}
	}
	for i := range members {
		e.settle(now, &members[i], &d)
	}
	e.ejectWorst(now, members, &d)
	if e.left(members) == 0 {
		d.returnAll(now, members, "nobody else is left")
	}
	e.turnWindow(now, members)
	d.Next = e.next(members)
	return d
}

// noticeAvailability drops the evidence from before an absence: a host that
// the registry or a probe has kept out may have been repaired meanwhile. Its
// ejection stands.
func (e *Ejector) noticeAvailability(now int64, m *Member) {
	s := &m.Evidence.standing
	if m.Available && !s.available && m.Evidence.Phase() == Serving {
		m.Evidence.startAfresh(now)
	}
	s.available = m.Available
}

// left is how many available hosts are fully in service.
func (e *Ejector) left(members []Member) (n int) {
	for i := range members {
		if members[i].Available && members[i].Evidence.Phase() == Serving {
			n++
		}
	}
	return n
}

// room is how many more hosts may be ejected. Hosts on trial count as ejected.
func (e *Ejector) room(members []Member) int {
	available := 0
	for i := range members {
		if members[i].Available {
			available++
		}
	}
	left := e.left(members)
	allowed := max(1, int(e.rules.MaxShare*float64(available)))
	return min(allowed-(available-left), left-1)
}

// turnWindow begins a new window when the old one is over.
func (e *Ejector) turnWindow(now int64, members []Member) {
	if e.window == 0 {
		e.window = now
	}
	if now-e.window < int64(e.rules.Interval) {
		return
	}
	for i := range members {
		members[i].Evidence.turnWindow(e.window)
	}
	e.window = now
}

// next is the end of the window or of the first ejection.
func (e *Ejector) next(members []Member) int64 {
	next := e.window + int64(e.rules.Interval)
	for i := range members {
		if ev := members[i].Evidence; ev.Phase() == OutOfService {
			next = min(next, ev.standing.until)
		}
	}
	return next
}
