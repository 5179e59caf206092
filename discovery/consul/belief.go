package consul

import (
	"errors"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// settling is for how long after an outage an instance that served before serves
// on although its check is critical. An agent that was started again takes every
// check for critical until it has run it, and says so to the catalog.
const settling = 5 * time.Second

// belief is what a watch holds for true, and how an answer gets to change it.
//
// A server that was started again leads before it has applied its own log: for a
// moment it answers from an empty catalog, or from one of long ago, with a known
// leader and an index (Consul 1.19, getLeader in agent/consul/rpc.go). A server
// that lags behind answers from the past, too. An index not lower than that of the
// last answer that counted belongs to the same state of the catalog or a later
// one. Where it is lower, and where there is a loss after an error, the leader has
// to confirm: a consistent read waits until it has applied everything.
type belief struct {
	index   uint64          // of the last answer that counted; 0: none has
	members map[string]bool // those of it or of an earlier run, by ID, and whether they could serve
	shaken  bool            // nothing has counted since the start or the last error
	outage  bool            // that error was not about our rights
	settled time.Time       // when what an outage has left is over; zero: there was none
	holding bool            // a member could serve only because it is not over
}

func newBelief(known []endpoint.Endpoint) belief {
	b := belief{shaken: true}
	b.remember(known)
	return b
}

// shake notes an error: who answers next may be another server, or one that was
// started a moment ago.
func (b *belief) shake(err error) {
	b.shaken = true
	b.outage = b.outage || !errors.Is(err, discovery.ErrDenied)
}

// lost reports whether members are missing from an answer, and whether any that
// could serve is missing or barred there.
func (b *belief) lost(now []endpoint.Endpoint) (missing, worse bool) {
	listed, serving := 0, 0
	for i := range now {
		could, known := b.members[now[i].ID]
		if known {
			listed++
		}
		if could && now[i].Eligible() {
			serving++
		}
	}
	could := 0
	for _, c := range b.members {
		if c {
			could++
		}
	}
	return listed < len(b.members), serving < could
}

// take makes an answer that counts the belief. Of critical, the places of those
// that are barred only by a check, it lets serve whom it has to hold.
func (b *belief) take(index uint64, endpoints []endpoint.Endpoint, critical []int, now time.Time) {
	if b.outage {
		b.settled = now.Add(settling)
	}
	b.holding = false
	for _, i := range critical {
		if e := &endpoints[i]; now.Before(b.settled) && b.members[e.ID] {
			e.Barred, e.Note = "", e.Barred+", held for a moment after an outage"
			b.holding = true
		}
	}
	b.index, b.shaken, b.outage = index, false, false
	b.remember(endpoints)
}

func (b *belief) remember(endpoints []endpoint.Endpoint) {
	if b.members == nil {
		b.members = make(map[string]bool, len(endpoints))
	}
	clear(b.members)
	for i := range endpoints {
		b.members[endpoints[i].ID] = endpoints[i].Eligible()
	}
}
