package upstream

import (
	"slices"
	"time"

	"pingap-go/balance"
	"pingap-go/endpoint"
	"pingap-go/health"
)

// view is what a pool publishes for requests to lease from. It is immutable.
type view struct {
	hosts  []*Host // the picker's candidates, in its order
	picker balance.Picker
	tier   int
	panics bool      // hosts are used although probes or evidence speak against them
	shares []float64 // nil in a lane's part, whose policy has them
	// warming says that shares grow with time alone.
	warming bool
	// endpoints are the hosts' descriptions when the view was made; hosts' own
	// are for the pool's goroutine alone. nil in a lane's part.
	endpoints []*endpoint.Endpoint
}

// choose selects the hosts that may be picked: those that are up, in the lowest
// tier that has enough of them; failing that, those not yet known; failing that,
// all that the registry lets serve (panic).
func (p *Pool) choose(now time.Time) *view {
	v := p.inTier(now, func(h *Host) bool { return h.verdict == health.Up })
	switch {
	case v == nil:
		if v = p.inTier(now, func(h *Host) bool { return h.verdict == health.Unknown }); v != nil {
			return v
		}
	case p.options.Panic == 0:
		return v
	default:
		enough := p.enough()
		v = p.inTier(now, func(h *Host) bool { return h.verdict == health.Up && enough(h.endpoint.Tier) })
		if v != nil && slices.ContainsFunc(v.hosts, func(h *Host) bool { return h.evidence.Phase() != health.OnTrial }) {
			return v
		}
	}
	return p.panicking(now)
}

func (p *Pool) panicking(now time.Time) *view {
	v := p.inTier(now, func(h *Host) bool { return h.endpoint.Eligible() })
	if v == nil {
		return &view{}
	}
	v.panics = true
	return v
}

// inTier collects the hosts that may serve in the lowest tier that has any. Hosts
// on trial take one request at a time and so cannot carry a tier: those of better
// tiers get their trials beside the hosts that serve.
func (p *Pool) inTier(now time.Time, may func(*Host) bool) *view {
	tier, n := p.lowestTier(func(h *Host) bool { return may(h) && h.evidence.Phase() != health.OnTrial })
	if n == 0 {
		if tier, n = p.lowestTier(may); n == 0 {
			return nil
		}
	}
	v := &view{tier: tier, hosts: make([]*Host, 0, n), shares: make([]float64, 0, n), endpoints: make([]*endpoint.Endpoint, 0, n)}
	for _, h := range p.order {
		if h.endpoint.Tier > tier || !may(h) {
			continue
		}
		warmth := p.warmth(h, now)
		v.warming = v.warming || warmth < 1
		v.hosts = append(v.hosts, h)
		v.shares = append(v.shares, float64(h.endpoint.Weight)*warmth)
		v.endpoints = append(v.endpoints, h.endpoint)
		p.pace.Rest()
	}
	return v
}

// lowestTier is the lowest tier with hosts that may, and how many those are.
func (p *Pool) lowestTier(may func(*Host) bool) (tier, n int) {
	for _, h := range p.order {
		if n > 0 && h.endpoint.Tier > tier || !may(h) {
			continue
		}
		if h.endpoint.Tier < tier {
			n = 0
		}
		tier = h.endpoint.Tier
		n++
	}
	return tier, n
}

// enough tells in which tiers as large a share of the eligible hosts is up as
// Panic asks for.
func (p *Pool) enough() func(tier int) bool {
	up, all := map[int]int{}, map[int]int{}
	for _, h := range p.order {
		if !h.endpoint.Eligible() {
			continue
		}
		all[h.endpoint.Tier]++
		if h.verdict == health.Up {
			up[h.endpoint.Tier]++
		}
	}
	return func(tier int) bool { return float64(up[tier]) >= p.options.Panic*float64(all[tier]) }
}

// coldest is the share of its weight with which a host begins its slow start.
const coldest = 0.1

// warmth is the part of its weight that a host gets while it warms up, rising
// in a straight line (as nginx's and HAProxy's slow start do).
func (p *Pool) warmth(h *Host, now time.Time) float64 {
	if p.options.SlowStart <= 0 || h.warmFrom.IsZero() {
		return 1
	}
	part := float64(now.Sub(h.warmFrom)) / float64(p.options.SlowStart)
	if part >= 1 {
		h.warmFrom = time.Time{}
		return 1
	}
	return max(part, coldest)
}

// untried reports whether the view has a host that had no try. It looks at one
// more than were tried at most.
func (v *view) untried(ask *balance.Ask) bool {
	if ask.Tries() == balance.MaxTried {
		return false
	}
	for _, h := range v.hosts {
		if !ask.Tried(&h.load) {
			return true
		}
	}
	return false
}

// same reports whether two views would pick alike, in all lanes, too.
func (v *view) same(o *view) bool {
	return v.panics == o.panics && v.tier == o.tier && v.warming == o.warming && slices.Equal(v.hosts, o.hosts) && slices.Equal(v.shares, o.shares) &&
		slices.EqualFunc(v.endpoints, o.endpoints, func(a, b *endpoint.Endpoint) bool { return slices.Equal(a.Tags, b.Tags) })
}

func (v *view) candidates() []balance.Candidate {
	c := make([]balance.Candidate, len(v.hosts))
	for i := range v.hosts {
		c[i] = v.candidate(i, v.shares[i])
	}
	return c
}

// candidate is one host of the view as a policy sees it.
func (v *view) candidate(i int, weight float64) balance.Candidate {
	h := v.hosts[i]
	return balance.Candidate{ID: v.endpoints[i].ID, Weight: weight, Load: &h.load, Token: h.link.Load().token}
}
