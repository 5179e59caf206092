package upstream

import (
	"context"
	"time"

	"pingap-go/endpoint"
	"pingap-go/health"
)

// estate is what a pool leaves to the one that takes its place.
type estate struct {
	members   members
	hosts     map[string]*Host
	draining  []*Host
	latency   *latencies
	monitored bool // probes have had their say
}

// Inherit takes over the members and hosts of a pool that asked the same registry
// for the same instances, with all that is known of them: verdicts, evidence,
// latency, counters and tries under way, and with sameLink their connections,
// too. It is called once, before Run, while from is running. From then on the old
// pool decides nothing; the requests that it still has finish on the same hosts.
func (p *Pool) Inherit(ctx context.Context, from *Pool, sameLink bool) {
	reply := make(chan *estate, 1)
	select {
	case from.heirs <- reply:
	case <-from.over:
		return
	case <-ctx.Done():
		return
	}
	e := <-reply // it is decided: from sends it next
	p.members, p.draining, p.latency = e.members, e.draining, e.latency
	for _, h := range e.draining {
		h.join(&p.options, sameLink)
	}
	for _, h := range e.hosts {
		p.adopt(h, e, sameLink)
	}
	p.hosts = e.hosts
	p.arrange()
	if m := &e.members; p.saver != nil && m.answered && m.snapshot.Saved.IsZero() {
		p.saver.offer(m.snapshot)
	}
	p.decide(time.Now())
}

// adopt makes a host one of this pool's. What the old pool's probes have found
// stands until the new one's report.
func (p *Pool) adopt(h *Host, e *estate, sameLink bool) {
	h.join(&p.options, sameLink)
	h.touched = true
	switch {
	case p.monitor == nil:
		h.probe, h.probed = health.Result{}, false
	case !e.monitored && h.endpoint.Eligible():
		h.probe, h.probed = health.Result{Verdict: health.Up, Reason: "first probe under way"}, true
	}
}

// bequeath gives away all that has to survive. The last view goes on to serve.
func (p *Pool) bequeath() *estate {
	e := &estate{p.members, p.hosts, p.draining, p.latency, p.monitor != nil}
	p.hosts, p.order, p.roster, p.draining = map[string]*Host{}, nil, nil, nil
	return e
}

// Snapshot is the membership in force, for a pool that takes this one's place.
func (p *Pool) Snapshot() (s endpoint.Snapshot, ok bool) {
	m := &p.status.Load().members
	return m.snapshot, m.answered
}
