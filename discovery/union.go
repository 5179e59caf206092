package discovery

import (
	"time"

	"pingap-go/endpoint"
)

// Part is what one name of a watcher that follows several says.
type Part struct {
	Members []endpoint.Endpoint // of Roster, after this answer
	Roster  *Roster
	Unknown bool          // the name does not exist
	TTL     time.Duration // of the answer
	Server  string        // who gave it
	// Err is why there is no answer; Members are those of the last one then.
	Err error
}

// Union makes one answer of several parts. A part that fails keeps its last
// members, and its error becomes the answer's doubt; only if all of them fail
// has nothing been learned. The zero Union is ready to use.
type Union struct {
	present []endpoint.Endpoint
	held    []endpoint.Endpoint
	ttl     time.Duration
	expiry  time.Duration // 0: no hold runs
	server  string
	exists  bool
	parts   int
	failed  int
	doubt   error
}

// Add takes one more part.
func (u *Union) Add(p Part) {
	for _, e := range p.Members {
		if p.Roster.Held(e.ID) {
			u.held = append(u.held, e)
		} else {
			u.present = append(u.present, e)
		}
	}
	if p.Err != nil {
		u.failed++
		u.doubt = Join(u.doubt, p.Err)
	}
	if u.parts == 0 || p.TTL < u.ttl {
		u.ttl = p.TTL
	}
	if left, ok := p.Roster.Expiry(time.Now()); ok && (u.expiry == 0 || left < u.expiry) {
		u.expiry = max(left, time.Millisecond)
	}
	if u.server == "" {
		u.server = p.Server
	}
	u.exists = u.exists || !p.Unknown
	u.parts++
}

// Members lists those that a part only holds last, so that the word of another
// part that has the same member goes before theirs.
func (u *Union) Members() []endpoint.Endpoint { return append(u.present, u.held...) }

// Answer is what the parts say together, in terms of members (those of Members,
// which it takes over). The error says that all parts failed. source gets the
// server and the TTL.
func (u *Union) Answer(source endpoint.Source, members []endpoint.Endpoint, refresh time.Duration) (Answer, error) {
	if u.failed == u.parts {
		return Answer{}, u.doubt
	}
	empty := endpoint.Unknown
	if u.exists {
		empty = endpoint.Empty
	}
	if u.server != "" {
		source.Detail += " @" + u.server
	}
	source.TTL = u.ttl
	return Answer{
		Snapshot: endpoint.NewSnapshot(source, members, empty),
		Next:     Interval(u.ttl, refresh, u.expiry),
		Doubt:    u.doubt,
	}, nil
}
