package health

import (
	"fmt"
	"slices"
)

// suspect is a host in service while Decide looks at it.
type suspect struct {
	member *Member
	row    streak
	window tally
}

// charge is what a suspect is ejected for.
type charge struct {
	cause  Cause
	reason string
}

// ejectWorst ejects one host after the other, the worst first, and judges the
// others anew without it, as long as there is room.
func (e *Ejector) ejectWorst(now int64, members []Member, d *Decision) {
	room := e.room(members)
	if room <= 0 {
		return
	}
	suspects, failing := e.gather(members)
	for ; room > 0 && failing; room-- {
		i, c := e.worst(suspects)
		if i < 0 {
			return
		}
		e.eject(now, suspects[i].member, c, d)
		suspects = slices.Delete(suspects, i, i+1)
	}
}

// gather reads the counters of all hosts in service, each once, and says whether
// any of them has failed lately. The list is good until the next call.
func (e *Ejector) gather(members []Member) (suspects []suspect, failing bool) {
	suspects = e.scratch[:0]
	for i := range members {
		m := &members[i]
		if m.Available && m.Evidence.Phase() == Serving {
			s := suspect{m, streak(m.Evidence.streak.Load()), m.Evidence.window()}
			suspects = append(suspects, s)
			failing = failing || s.row.length() > 0 || s.window.failures > 0
		}
	}
	e.scratch = suspects
	return suspects, failing
}

// worst is the index of the host with the longest row of failures that is long
// enough, or else of the one whose rate of failures stands out most, or -1.
func (e *Ejector) worst(suspects []suspect) (int, charge) {
	if i := heaviest(suspects, e.weighRow); i >= 0 {
		row := suspects[i].row
		return i, charge{Consecutive, fmt.Sprintf("%d consecutive %s", row.length(), row.kinds())}
	}
	total, comparable := e.total(suspects)
	if !comparable {
		return -1, charge{}
	}
	i := heaviest(suspects, func(s *suspect) float64 { return e.weighRate(s, total) })
	if i < 0 {
		return -1, charge{}
	}
	window := suspects[i].window
	return i, charge{SuccessRate, fmt.Sprintf("%s of %d requests failed, %s at the other hosts",
		percent(window.rate()), window.requests, percent(total.minus(window).rate()))}
}

// heaviest is the index of the suspect with the greatest weight, -1 when all
// weigh nothing.
func heaviest(suspects []suspect, weigh func(*suspect) float64) int {
	worst, most := -1, 0.0
	for i := range suspects {
		if w := weigh(&suspects[i]); w > most {
			worst, most = i, w
		}
	}
	return worst
}

// weighRow is the length of a row of failures that is long enough, otherwise 0.
func (e *Ejector) weighRow(s *suspect) float64 {
	n := s.row.length()
	if e.rules.Consecutive < 0 || n < e.rules.Consecutive {
		return 0
	}
	return float64(n)
}

// weighRate is how far a host's rate stands out, if far enough, otherwise 0.
func (e *Ejector) weighRate(s *suspect, total tally) float64 {
	if s.window.requests < uint64(e.rules.MinRequests) {
		return 0
	}
	z := distance(s.window, total.minus(s.window))
	if z < outlierZ {
		return 0
	}
	return z
}

// total adds up the windows, and says whether enough hosts had enough requests
// to be compared.
func (e *Ejector) total(suspects []suspect) (sum tally, comparable bool) {
	enough := 0
	for i := range suspects {
		sum = sum.plus(suspects[i].window)
		if suspects[i].window.requests >= uint64(e.rules.MinRequests) {
			enough++
		}
	}
	return sum, enough >= e.rules.MinHosts && !e.rules.IgnoreSuccessRate
}

// percent is "0%", "0.4%" or "48%".
func percent(share float64) string {
	if share > 0 && share < 0.1 {
		return fmt.Sprintf("%.1f%%", 100*share)
	}
	return fmt.Sprintf("%.0f%%", 100*share)
}
