package upstream

import (
	"math"
	"time"

	"pingap-go/health"
	"pingap-go/internal/mono"
)

// eject has the ejector look at the evidence, and says so when a host goes or
// comes back.
func (p *Pool) eject() {
	members := make([]health.Member, 0, len(p.hosts))
	for id, h := range p.hosts {
		available := h.endpoint.Eligible() && (p.monitor == nil || h.probe.Verdict == health.Up)
		members = append(members, health.Member{ID: id, Evidence: &h.evidence, Available: available})
	}
	now := max(mono.Now(), 1)
	d := p.ejector.Decide(now, members)
	for _, c := range d.Changes {
		h := p.hosts[c.ID]
		h.passive = c.Reason
		if c.To == health.OutOfService {
			p.metrics.Ejection(string(c.Cause))
		}
	}
	if d.Next < math.MaxInt64 && p.due != nil {
		p.due.Reset(time.Duration(max(d.Next-now, int64(time.Millisecond))))
	}
}
