package discovery

import "pingap-go/endpoint"

// Reporter tells a sink of snapshots of which a part may be old: one of several
// names, datacenters or files fails and keeps its last members.
//
// An update says "all is well", so in doubt the failure follows it; and since
// that would have a pool turn fresh and stale again with every look, a snapshot
// in doubt is published only if its members changed. A Reporter is for one
// goroutine, or one holder of a lock, at a time.
type Reporter struct {
	Sink Sink

	last      endpoint.Snapshot
	published bool
}

// Say publishes s, and then doubt unless it is nil; to a Doubter both at once.
func (r *Reporter) Say(s endpoint.Snapshot, doubt error) {
	news := doubt == nil || !r.published || !s.SameMembers(r.last)
	if news {
		r.last, r.published = s, true
	}
	if both, ok := r.Sink.(Doubter); ok && news && doubt != nil {
		both.Doubt(s, doubt)
		return
	}
	if news {
		r.Sink.Update(s)
	}
	if doubt != nil {
		r.Sink.Fail(doubt)
	}
}
