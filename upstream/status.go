package upstream

import (
	"cmp"
	"slices"
	"time"

	"pingap-go/endpoint"
	"pingap-go/health"
)

// Status is a pool at one moment, for the admin API and metrics. Its endpoints, of
// which there can be thousands, are told of one by one; their counters are those
// of the moment in which they are asked for.
type Status struct {
	Name, Discovery, Algorithm string
	Condition                  endpoint.Condition
	Source                     endpoint.Source
	Stale                      bool
	LastError                  string
	LastSuccess                time.Time // zero: never
	Saved                      time.Time // of a membership restored from disk; zero otherwise
	Panic                      bool
	Tier                       int
	// Verdicts says how many endpoints have each. It is not to be written to.
	Verdicts map[health.Verdict]int

	hosts []hostStatus
	now   int64 // monotonic, for latencies
}

// EndpointStatus is one endpoint and why it is in or out.
type EndpointStatus struct {
	Endpoint endpoint.Endpoint
	Verdict  health.Verdict
	Reason   string
	Since    time.Time
	// Registry, Probe and Ejection are what the verdict was made of.
	Registry, Probe, Ejection string

	InFlight int64
	Requests int64
	Failures int64
	Latency  time.Duration // 0 = never measured
	Conns    int64
}

// status is what Run's goroutine last decided; counters are read when asked for.
type status struct {
	members members
	panics  bool
	tier    int
	hosts   []hostStatus
	counts  map[health.Verdict]int // of hosts
}

type hostStatus struct {
	host     *Host
	endpoint *endpoint.Endpoint
	verdict  health.Verdict
	reason   string
	since    time.Time
	probe    string
	ejection string
}

// publishStatus tells what was decided, if that is news: thousands of pools look
// after themselves every second. The list of hosts is made anew only when it has
// changed.
func (p *Pool) publishStatus() {
	if !p.retold && !p.restated {
		return
	}
	v := p.view.Load()
	s := &status{members: p.members, panics: v.panics, tier: v.tier}
	if last := p.status.Load(); last != nil && !p.retold {
		s.hosts, s.counts = last.hosts, last.counts
	} else {
		s.hosts, s.counts = p.hostStatuses()
	}
	p.retold, p.restated = false, false
	p.status.Store(s)
}

func (p *Pool) hostStatuses() (list []hostStatus, counts map[health.Verdict]int) {
	list = make([]hostStatus, 0, len(p.order)+len(p.draining))
	counts = make(map[health.Verdict]int, len(health.Verdicts))
	for _, hosts := range [][]*Host{p.order, p.draining} {
		for _, h := range hosts {
			list = append(list, hostStatus{h, h.endpoint, h.verdict, h.reason, h.since, h.probe.Reason, h.passive})
			counts[h.verdict]++
			p.pace.Rest()
		}
	}
	if len(p.draining) > 0 {
		slices.SortFunc(list, func(a, b hostStatus) int { return cmp.Compare(a.endpoint.ID, b.endpoint.ID) })
	}
	return list, counts
}

// condition is the snapshot's, or why there is none.
func (m *members) condition() endpoint.Condition {
	switch {
	case m.snapshot.Condition != "":
		return m.snapshot.Condition
	case m.denied:
		return endpoint.Denied
	default:
		return endpoint.NotSynced
	}
}

// Ready reports whether the pool has had its first answer, or a saved one.
func (p *Pool) Ready() bool { return p.status.Load().members.answered }

// Status tells all there is to know. Any goroutine may call it.
func (p *Pool) Status() Status {
	s := p.status.Load()
	m := &s.members
	return Status{
		Name: p.options.Name, Discovery: p.options.Discovery, Algorithm: p.options.Algorithm,
		Condition: m.condition(), Source: m.snapshot.Source,
		Stale: m.stale, LastError: m.lastError, LastSuccess: m.lastSuccess, Saved: m.snapshot.Saved,
		Panic: s.panics, Tier: s.tier, Verdicts: s.counts, hosts: s.hosts, now: p.now(),
	}
}

// Len is the number of endpoints.
func (s *Status) Len() int { return len(s.hosts) }

// Endpoint is one of them; they are in the order of their IDs.
func (s *Status) Endpoint(i int) EndpointStatus {
	h := &s.hosts[i]
	return EndpointStatus{
		Endpoint: *h.endpoint, Verdict: h.verdict, Reason: h.reason, Since: h.since,
		Registry: cmp.Or(h.endpoint.Barred, h.endpoint.Note), Probe: h.probe, Ejection: h.ejection,
		InFlight: h.host.load.InFlight.Load(), Requests: h.host.requests.Load(), Failures: h.host.failures.Load(),
		Latency: h.host.load.Latency.Value(s.now), Conns: h.host.open(),
	}
}
