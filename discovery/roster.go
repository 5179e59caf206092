package discovery

import (
	"time"

	"pingap-go/endpoint"
)

// maxRoster bounds how many endpoints a Roster holds on to beyond those that
// the last answer named.
const maxRoster = 4096

// Roster remembers the members of a service across answers that cannot be
// trusted to be complete, as DNS answers cannot. A member that a complete answer
// leaves out stays for a while (Hold) before it goes; one that a partial answer
// leaves out stays without end.
//
// A Roster belongs to one goroutine.
type Roster struct {
	hold    time.Duration
	members map[string]*member
}

type member struct {
	endpoint endpoint.Endpoint
	absent   time.Time // of the first complete answer without it; zero while present
}

// NewRoster starts a roster with what is known already (a membership saved by an
// earlier run, or nothing). Members that stay away are kept for hold; 0 lets
// them go at once.
func NewRoster(hold time.Duration, known []endpoint.Endpoint) *Roster {
	r := &Roster{hold: hold, members: make(map[string]*member, len(known))}
	for _, e := range known {
		r.members[e.ID] = &member{endpoint: e}
	}
	return r
}

// Merge takes one answer, received at now, and returns the membership that it
// leaves. complete says that the answer named every member there is; only such
// an answer can begin or end the hold of an absent one.
func (r *Roster) Merge(now time.Time, seen []endpoint.Endpoint, complete bool) []endpoint.Endpoint {
	present := make(map[string]bool, len(seen))
	for _, e := range seen {
		present[e.ID] = true
		r.members[e.ID] = &member{endpoint: e}
	}
	members := make([]endpoint.Endpoint, 0, len(r.members))
	for id, m := range r.members {
		if !present[id] && r.gone(m, now, complete) {
			delete(r.members, id)
			continue
		}
		members = append(members, m.describe())
	}
	return members
}

// gone notes that m is absent and reports whether it has been for long enough.
func (r *Roster) gone(m *member, now time.Time, complete bool) bool {
	if len(r.members) > maxRoster {
		return true
	}
	if !complete {
		return false
	}
	if m.absent.IsZero() {
		m.absent = now
	}
	return now.Sub(m.absent) >= r.hold
}

func (m *member) describe() endpoint.Endpoint {
	e := m.endpoint
	if !m.absent.IsZero() {
		e.Note = "absent from the last answer, held"
	}
	return e
}

// Held reports whether the member with this ID is kept although the last
// complete answer left it out.
func (r *Roster) Held(id string) bool {
	m, ok := r.members[id]
	return ok && !m.absent.IsZero()
}

// Expiry is how long after now the next hold ends; ok is false when none runs.
func (r *Roster) Expiry(now time.Time) (d time.Duration, ok bool) {
	for _, m := range r.members {
		if m.absent.IsZero() {
			continue
		}
		left := max(m.absent.Add(r.hold).Sub(now), 0)
		if !ok || left < d {
			d, ok = left, true
		}
	}
	return d, ok
}
