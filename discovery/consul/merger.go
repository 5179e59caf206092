package consul

import (
	"slices"
	"strings"
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
	for _, e := range query.seeds() {
		if e.Tier < len(m.tiers) {
			m.tiers[e.Tier].endpoints = append(m.tiers[e.Tier].endpoints, e)
		}
	}
	return m
}

// place is where one datacenter's watch reports to.
type place struct {
	merger *merger
	tier   int
}

// news takes the datacenter's new part.
func (p place) news(n part) {
	ranked := endpoint.NewSnapshot(endpoint.Source{}, p.rank(n.endpoints), n.empty)
	p.merger.set(p.tier, tier{endpoints: ranked.Endpoints, empty: n.empty, index: n.index, answered: true})
}

// known is what an earlier run knew of the datacenter, under the IDs that its
// watch uses.
func (p place) known() []endpoint.Endpoint {
	p.merger.mu.Lock()
	defer p.merger.mu.Unlock()
	known := slices.Clone(p.merger.tiers[p.tier].endpoints)
	if p.tier > 0 {
		for k := range known {
			known[k].ID = strings.TrimPrefix(known[k].ID, p.merger.query.Datacenters[p.tier]+"/")
		}
	}
	return known
}

// same notes that the datacenter's part is as it was, and current.
func (p place) same() { p.fail(nil) }

// fail notes why the datacenter's part may be old.
func (p place) fail(err error) {
	p.merger.mu.Lock()
	defer p.merger.mu.Unlock()
	p.merger.tiers[p.tier].err = err
	p.merger.publish()
}

// rank gives endpoints their tier. Beyond the first datacenter the ID names the
// datacenter, because node names are unique within one only.
func (p place) rank(endpoints []endpoint.Endpoint) []endpoint.Endpoint {
	if p.tier == 0 {
		return endpoints
	}
	datacenter := p.merger.query.Datacenters[p.tier]
	for k := range endpoints {
		e := &endpoints[k]
		e.Tier, e.ID = p.tier, datacenter+"/"+e.ID
		if e.Note != "" {
			e.Note += " in " + datacenter
		}
	}
	return endpoints
}

func (m *merger) set(i int, t tier) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tiers[i] = t
	m.publish()
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
	ok = slices.ContainsFunc(m.tiers, func(t tier) bool { return t.answered })
	return endpoint.NewSnapshot(m.query.source(first.index), m.endpoints(), m.emptiness()), ok
}

// endpoints are those of all datacenters. Those of a single one are not copied:
// they are in a snapshot's order and nobody writes to them any more.
func (m *merger) endpoints() []endpoint.Endpoint {
	if len(m.tiers) == 1 {
		return m.tiers[0].endpoints
	}
	var all []endpoint.Endpoint
	for i := range m.tiers {
		all = append(all, m.tiers[i].endpoints...)
	}
	return all
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
