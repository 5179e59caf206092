package upstream

import (
	"math"
	"time"

	"pingap-go/health"
)

// eject has the ejector look at the evidence, and notes who goes or comes back.
func (p *Pool) eject() {
	for i, h := range p.order {
		p.roster[i].Available = h.endpoint.Eligible() && (p.monitor == nil || h.probe.Verdict == health.Up)
	}
	now := max(p.now(), 1)
	d := p.ejector.Decide(now, p.roster)
	for _, c := range d.Changes {
		h := p.hosts[c.ID]
		h.passive, h.touched = c.Reason, true
		p.changed = true
		if c.To == health.OutOfService {
			p.metrics.Ejection(string(c.Cause))
		}
	}
	if d.Next < math.MaxInt64 && p.due != nil {
		p.due.Reset(time.Duration(max(d.Next-now, int64(time.Millisecond))))
	}
}
