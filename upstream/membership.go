package upstream

import (
	"errors"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/health"
)

// learn takes in a complete snapshot. With a doubt about a part of it, which lose is
// told next, a pool that was stale stays so and says nothing of it.
func (p *Pool) learn(s endpoint.Snapshot, now time.Time, doubt error) {
	m := &p.members
	first := !m.answered
	if first || m.stale && doubt == nil {
		p.options.Log.Info("membership is live", "upstream", p.options.Name, "source", s.Source.String(),
			"endpoints", len(s.Endpoints), "condition", s.Condition)
	} else if s.Condition != m.snapshot.Condition {
		p.options.Log.Info("membership is "+string(s.Condition), "upstream", p.options.Name, "source", s.Source.String(),
			"endpoints", len(s.Endpoints), "before", m.snapshot.Condition)
	}
	m.answered, m.lastSuccess = true, now
	if first || doubt == nil {
		m.stale, m.denied, m.lastError = false, false, ""
	}
	if len(s.Endpoints) == 0 && p.options.KeepEmpty && len(p.hosts) > 0 {
		s.Endpoints = m.snapshot.Endpoints // the condition still says what the registry said
	}
	p.restated = true
	p.apply(s, now, first)
	if p.saver != nil && len(s.Endpoints) > 0 {
		p.saver.offer(s)
	}
}

// lose takes in that the registry cannot tell. What is known stays in force. An
// outage is logged once, and once more when it turns out that only our rights are
// missing, or no longer they.
func (p *Pool) lose(err error, now time.Time) {
	m := &p.members
	denied := errors.Is(err, discovery.ErrDenied)
	if !m.stale || m.lastError == "" || denied != m.denied {
		said := "membership is stale"
		if !m.answered {
			said = "membership is not known yet"
		}
		p.options.Log.Warn(said, "upstream", p.options.Name, "err", err, "endpoints", len(p.hosts))
	}
	m.stale, m.denied, m.lastError = true, denied, err.Error()
	p.restated = true
	p.restore(now)
}

// restore serves from what was saved while the registry has not answered.
func (p *Pool) restore(now time.Time) {
	seed := p.options.Seed
	if p.members.answered || seed == nil {
		return
	}
	p.members.answered, p.members.stale, p.members.lastSuccess = true, true, seed.Saved
	p.restated = true
	p.options.Log.Warn("serving from saved membership", "upstream", p.options.Name,
		"saved", seed.Saved, "endpoints", len(seed.Endpoints))
	p.apply(*seed, now, true)
}

// apply makes the hosts be those of the snapshot: new ones begin, kept ones stay
// what they are, removed ones drain. The first members of a pool need no slow
// start.
func (p *Pool) apply(s endpoint.Snapshot, now time.Time, first bool) {
	diff := endpoint.Compare(p.members.snapshot, s, p.pace.Rest)
	if diff.None() && s.Condition == p.members.snapshot.Condition {
		s.Endpoints = p.members.snapshot.Endpoints // hosts point there
		p.members.snapshot = s
		return
	}
	p.members.snapshot = s
	for _, e := range diff.Changed {
		p.hosts[e.ID].describe(e)
	}
	for _, e := range diff.Removed {
		p.drain(p.hosts[e.ID], now)
		delete(p.hosts, e.ID)
	}
	for _, e := range diff.Added {
		h := p.revive(e)
		h.since = now
		if !first {
			h.warmFrom = now
		}
		p.hosts[e.ID] = h
	}
	p.arrange()
}

// arrange lists the hosts anew after they have changed.
func (p *Pool) arrange() {
	listed := p.members.snapshot.Endpoints
	p.order, p.roster = make([]*Host, 0, len(listed)), make([]health.Member, 0, len(listed))
	for i := range listed {
		h := p.hosts[listed[i].ID]
		h.endpoint = &listed[i] // also if it reads as before: the snapshot of then need not stay
		p.order = append(p.order, h)
		p.roster = append(p.roster, health.Member{ID: h.id(), Evidence: &h.evidence})
		p.pace.Rest()
	}
	p.changed, p.retold = true, true
	if p.monitor != nil {
		p.monitor.Set(p.targets())
	}
}

// revive returns the host of an endpoint that comes back while it drains, or a
// new one. Probes begin anew, as whatever answers there may be another process.
func (p *Pool) revive(e *endpoint.Endpoint) *Host {
	for i, h := range p.draining {
		if h.id() == e.ID {
			p.draining = append(p.draining[:i], p.draining[i+1:]...)
			h.describe(e)
			h.verdict, h.probe, h.probed = "", health.Result{}, false
			return h
		}
	}
	return newHost(&p.options, e)
}

// targets is whom the monitor probes: all that the registry lets serve.
func (p *Pool) targets() []health.Target {
	targets := make([]health.Target, 0, len(p.order))
	for _, h := range p.order {
		if h.endpoint.Eligible() {
			targets = append(targets, health.Target{ID: h.endpoint.ID, Address: h.endpoint.Address})
		} else {
			h.probe, h.probed = health.Result{}, false
		}
	}
	return targets
}

// drain takes a host out of the views; it goes when its last lease has ended.
func (p *Pool) drain(h *Host, now time.Time) {
	own := *h.endpoint // without the snapshot that it is in
	h.endpoint = &own
	h.verdict, h.reason, h.since = health.Draining, "no longer listed by "+p.members.snapshot.Source.Kind, now
	p.options.Log.Info("endpoint is draining", "upstream", p.options.Name, "endpoint", h.endpoint.Name, "address", h.endpoint.Address)
	p.draining = append(p.draining, h)
}

// keepHouse lets go of hosts that have drained and of connections that have
// been idle for too long.
func (p *Pool) keepHouse(now time.Time) {
	p.houses++
	if h := p.options.Hedge; h.Percentile > 0 {
		p.hedgeAfter.Store(int64(p.latency.percentile(h.Percentile)))
		if p.houses%60 == 0 {
			p.latency.fade()
		}
	}
	left := p.draining[:0]
	for _, h := range p.draining {
		// A request may have loaded the view before the host left it, and not yet
		// have counted itself: it gets the time from one look to the next.
		if h.load.InFlight.Load() > 0 || now.Sub(h.since) < housekeeping {
			left = append(left, h)
			continue
		}
		h.close()
		p.retold = true
	}
	clear(p.draining[len(left):])
	p.draining = left
	for _, h := range p.order {
		h.dropIdle()
	}
}
