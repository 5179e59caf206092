package upstream

import (
	"cmp"
	"math"
	"slices"
	"strings"
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
	panics bool // hosts are used although probes or evidence speak against them
	shares []float64
	// endpoints are the hosts' descriptions when the view was made; hosts' own
	// are for the pool's goroutine alone.
	endpoints []endpoint.Endpoint
}

// decide fuses the registry's word, probes and passive evidence into one verdict
// a host, and publishes a new view if anything about it has changed.
func (p *Pool) decide(now time.Time) {
	p.eject()
	for _, h := range p.hosts {
		p.settle(h, now)
	}
	next := p.choose(now)
	if !next.same(p.view.Load()) {
		next.picker = p.options.Policy.Picker(next.candidates())
		p.view.Store(next)
	}
	p.publishStatus()
	if p.members.answered && !p.isReady {
		p.isReady = true
		close(p.ready)
	}
}

// settle gives a host its verdict and says so once when it changes.
func (p *Pool) settle(h *Host, now time.Time) {
	verdict, reason := p.judge(h)
	if verdict == h.verdict {
		h.reason = reason
		return
	}
	before := h.verdict
	if verdict == health.Up && (before == health.Down || before == health.Ejected) {
		h.warmFrom = now
	}
	h.verdict, h.reason, h.since = verdict, reason, now
	p.options.Log.Info("endpoint is "+string(verdict), "upstream", p.options.Name, "endpoint", h.endpoint.Name,
		"address", h.endpoint.Address, "before", before, "reason", reason)
}

// judge is the fusion: the registry makes a host eligible, its own probe can
// veto, passive evidence can eject. All reasons are shown, the first decides.
func (p *Pool) judge(h *Host) (health.Verdict, string) {
	e := &h.endpoint
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

// choose selects the hosts that may be picked: those that are up, in the lowest
// tier that has any; failing that, those not yet known; failing that, all that
// the registry lets serve (panic).
func (p *Pool) choose(now time.Time) *view {
	if v := p.inTier(now, func(h *Host) bool { return h.verdict == health.Up }); v != nil {
		if p.options.Panic == 0 || p.upShare(v.tier) >= p.options.Panic {
			return v
		}
		return p.panicking(now)
	}
	if v := p.inTier(now, func(h *Host) bool { return h.verdict == health.Unknown }); v != nil {
		return v
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

// inTier collects the hosts that may serve in the lowest tier that has any.
func (p *Pool) inTier(now time.Time, may func(*Host) bool) *view {
	tier := math.MaxInt
	for _, h := range p.hosts {
		if h.endpoint.Tier < tier && may(h) {
			tier = h.endpoint.Tier
		}
	}
	v := &view{tier: tier}
	for _, h := range p.hosts {
		if h.endpoint.Tier == tier && may(h) {
			v.hosts = append(v.hosts, h)
		}
	}
	if len(v.hosts) == 0 {
		return nil
	}
	slices.SortFunc(v.hosts, func(a, b *Host) int { return cmp.Compare(a.endpoint.ID, b.endpoint.ID) })
	v.shares = make([]float64, len(v.hosts))
	v.endpoints = make([]endpoint.Endpoint, len(v.hosts))
	for i, h := range v.hosts {
		v.shares[i] = float64(h.endpoint.Weight) * p.warmth(h, now)
		v.endpoints[i] = h.endpoint
	}
	return v
}

// upShare is which part of a tier's eligible hosts is up.
func (p *Pool) upShare(tier int) float64 {
	up, all := 0, 0
	for _, h := range p.hosts {
		if h.endpoint.Tier != tier || !h.endpoint.Eligible() {
			continue
		}
		all++
		if h.verdict == health.Up {
			up++
		}
	}
	return float64(up) / float64(max(all, 1))
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

// same reports whether two views would pick alike, in all lanes, too.
func (v *view) same(o *view) bool {
	return v.panics == o.panics && slices.Equal(v.hosts, o.hosts) && slices.Equal(v.shares, o.shares) &&
		slices.EqualFunc(v.endpoints, o.endpoints, func(a, b endpoint.Endpoint) bool { return slices.Equal(a.Tags, b.Tags) })
}

func (v *view) candidates() []balance.Candidate {
	c := make([]balance.Candidate, len(v.hosts))
	for i, h := range v.hosts {
		c[i] = balance.Candidate{ID: v.endpoints[i].ID, Weight: v.shares[i], Load: &h.load, Token: h.token}
	}
	return c
}
