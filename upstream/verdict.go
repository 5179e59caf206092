package upstream

import (
	"strings"
	"time"

	"pingap-go/health"
)

// decide fuses the registry's word, probes and passive evidence into one verdict
// a host, and publishes a new view if anything about it has changed. While
// nothing has, it costs a look at each host and allocates next to nothing. Between
// its parts it lets requests run: with thousands of hosts each takes a millisecond
// or two, and Go may have one thread.
func (p *Pool) decide(now time.Time) {
	p.eject(now)
	for _, h := range p.order {
		if h.touched {
			p.settle(h, now)
			p.pace.Rest()
		}
	}
	if p.changed || p.view.Load().warming {
		p.pace.Rest()
		p.publishView(now)
		p.pace.Rest()
	}
	p.publishStatus()
	if p.members.answered && !p.isReady {
		p.isReady = true
		close(p.ready)
	}
}

// publishView puts another view in force, unless it would pick as the old one does.
func (p *Pool) publishView(now time.Time) {
	p.changed = false
	next := p.choose(now)
	if old := p.view.Load(); next.same(old) {
		return
	}
	p.restated = true
	p.pace.Rest()
	next.picker = p.options.Policy.Picker(next.candidates())
	p.view.Store(next)
}

// settle gives a host its verdict and says so once when it changes.
func (p *Pool) settle(h *Host, now time.Time) {
	h.touched = false
	p.retold = true
	verdict, reason := p.judge(h)
	if verdict == h.verdict {
		h.reason = reason
		return
	}
	p.changed = true
	before := h.verdict
	if verdict == health.Up && before == health.Down {
		h.warmFrom = now
		h.load.Latency.Forget()
	}
	h.verdict, h.reason, h.since = verdict, reason, now
	p.options.Log.Info("endpoint is "+string(verdict), "upstream", p.options.Name, "endpoint", h.endpoint.Name,
		"address", h.endpoint.Address, "before", before, "reason", reason)
}

// judge is the fusion: the registry makes a host eligible, its own probe can
// veto, passive evidence can eject. All reasons are shown, the first decides.
func (p *Pool) judge(h *Host) (health.Verdict, string) {
	e := h.endpoint
	if !e.Eligible() {
		return health.Down, e.Barred
	}
	reasons := make([]string, 0, 3)
	if e.Note != "" {
		reasons = append(reasons, e.Note)
	}
	verdict := health.Up
	if p.monitor != nil {
		if !h.probed {
			verdict = health.Unknown
			reasons = append(reasons, "first probe under way")
		} else {
			verdict = h.probe.Verdict
			reasons = append(reasons, h.probe.Reason)
		}
	}
	if phase := h.evidence.Phase(); phase != health.Serving {
		reasons = append(reasons, h.passive)
		if phase == health.OutOfService && verdict != health.Down {
			verdict = health.Ejected
		}
	}
	return verdict, strings.Join(reasons, "; ")
}
