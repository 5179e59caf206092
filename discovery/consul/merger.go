package consul

import (
	"slices"
	"sync"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// merger makes one snapshot of what the watches of all datacenters know. A
// datacenter that fails keeps its last good part.
//
// Nothing is published until the preferred datacenter answered or failed: the
// others would have the traffic for a moment.
type merger struct {
	query Query

	mu       sync.Mutex
	reporter discovery.Reporter
	tiers    []tier
}

// tier is one datacenter's part.
type tier struct {
	endpoints []endpoint.Endpoint
	empty     endpoint.Condition
	index     uint64
	answered  bool  // since the start; what it knows before is the seed
	err       error // why its part may be old
}

func newMerger(query Query, sink discovery.Sink) *merger {
	m := &merger{query: query, reporter: discovery.Reporter{Sink: sink}, tiers: make([]tier, len(query.Datacenters))}
	for _, e := range query.Seed.Endpoints {
		if e.Tier < len(m.tiers) {
			m.tiers[e.Tier].endpoints = append(m.tiers[e.Tier].endpoints, e)
		}
	}
	return m
}

// news takes a datacenter's new part.
func (m *merger) news(i int, p part) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tiers[i] = tier{endpoints: m.place(i, p.endpoints), empty: p.empty, index: p.index, answered: true}
	m.publish()
}

// same notes that a datacenter's part is as it was, and current.
func (m *merger) same(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tiers[i].err = nil
	m.publish()
}

// fail notes why a datacenter's part may be old.
func (m *merger) fail(i int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tiers[i].err = err
	m.publish()
}

// place gives endpoints their tier. Beyond the first datacenter the ID names the
// datacenter, because node names are unique within one only.
func (m *merger) place(i int, endpoints []endpoint.Endpoint) []endpoint.Endpoint {
	if i == 0 {
		return endpoints
	}
	datacenter := m.query.Datacenters[i]
	for k := range endpoints {
		e := &endpoints[k]
		e.Tier, e.ID = i, datacenter+"/"+e.ID
		if e.Note != "" {
			e.Note += " in " + datacenter
		}
	}
	return endpoints
}

// publish says what is known and what is in doubt; m.mu is held.
func (m *merger) publish() {
	doubt := m.doubt()
	if s, ok := m.merge(); ok {
		m.reporter.Say(s, doubt)
	} else if doubt != nil {
		m.reporter.Sink.Fail(doubt)
	}
}

// merge is not ok while no datacenter answered, or the first may still do so.
func (m *merger) merge() (s endpoint.Snapshot, ok bool) {
	first := &m.tiers[0]
	if !first.answered && first.err == nil {
		return s, false
	}
	var endpoints []endpoint.Endpoint
	for i := range m.tiers {
		endpoints = append(endpoints, m.tiers[i].endpoints...)
		ok = ok || m.tiers[i].answered
	}
	return endpoint.NewSnapshot(m.query.source(first.index), endpoints, m.emptiness()), ok
}

// emptiness is Unknown when no datacenter knows the service.
func (m *merger) emptiness() endpoint.Condition {
	known := slices.ContainsFunc(m.tiers, func(t tier) bool { return t.answered && t.empty != endpoint.Unknown })
	if known {
		return endpoint.Empty
	}
	return endpoint.Unknown
}

// doubt is the failures of all datacenters on one line.
func (m *merger) doubt() error {
	var doubt error
	for i := range m.tiers {
		doubt = discovery.Join(doubt, m.tiers[i].err)
	}
	return doubt
}
