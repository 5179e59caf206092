package upstream

import (
	"math"
	"time"

	"pingap-go/health"
)

// eject has the ejector look at the evidence, and notes who goes or comes back.
func (p *Pool) eject(at time.Time) {
	for i, h := range p.order {
		p.pace.Rest()
		p.roster[i].Available = h.endpoint.Eligible() && (p.monitor == nil || h.probe.Verdict == health.Up)
	}
	now := max(p.now(), 1)
	d := p.ejector.Decide(now, p.roster)
	for _, c := range d.Changes {
		h := p.hosts[c.ID]
		h.passive, h.touched = c.Reason, true
		p.changed = true
		switch c.To {
		case health.OutOfService:
			p.metrics.Ejection(string(c.Cause))
		case health.OnTrial: // or ewma would have no trial made for minutes
			h.load.Latency.Forget()
		case health.Serving:
			h.warmFrom = at // full traffic begins now, whenever its trial did
		}
	}
	if d.Next < math.MaxInt64 && p.due != nil {
		p.due.Reset(time.Duration(max(d.Next-now, int64(time.Millisecond))))
	}
}
