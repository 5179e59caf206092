package upstream

import (
	"pingap-go/balance"
	"pingap-go/health"
	"pingap-go/message"
)

// pick takes a host by the policy. Hosts that have no room or are on trial with
// somebody else are passed over: for this pick they count as tried.
func (p *Pool) pick(v *view, ask *balance.Ask) (Lease, error) {
	tries, full := ask.Tries(), false
	for range balance.MaxTried {
		i := v.picker.Pick(ask)
		if i < 0 {
			return Lease{}, p.nobody(false)
		}
		h := v.hosts[i]
		l, ok := p.take(h, ask, &full)
		if ok {
			ask.Forget(tries)
			ask.MarkTried(&h.load)
			return l, nil
		}
		ask.MarkTried(&h.load)
	}
	ask.Forget(tries)
	return p.pickAny(v, ask, full)
}

// lookedAt bounds how many hosts are looked at when those of the policy's choice
// have no room.
const lookedAt = 64

// pickAny takes whoever has room, beginning anywhere.
func (p *Pool) pickAny(v *view, ask *balance.Ask, full bool) (Lease, error) {
	at := int(ask.Random % uint64(len(v.hosts)))
	for range min(lookedAt, len(v.hosts)) {
		h := v.hosts[at]
		if v.shares[at] > 0 && !ask.Tried(&h.load) {
			if l, ok := p.take(h, ask, &full); ok {
				ask.MarkTried(&h.load)
				return l, nil
			}
		}
		if at++; at == len(v.hosts) {
			at = 0
		}
	}
	return Lease{}, p.nobody(full)
}

// take counts a request in at a host, unless that has no room (full is set) or is
// on trial and has its one request.
func (p *Pool) take(h *Host, ask *balance.Ask, full *bool) (Lease, bool) {
	if n := h.load.InFlight.Add(1); p.perHost > 0 && n > p.perHost {
		h.load.InFlight.Add(-1)
		*full = true
		return Lease{}, false
	}
	trial := h.evidence.Phase() == health.OnTrial
	if trial && !h.evidence.TryTrial(ask.Now) {
		h.load.InFlight.Add(-1)
		return Lease{}, false
	}
	p.inFlight.Add(1)
	h.requests.Add(1)
	return Lease{pool: p, host: h, began: ask.Now, trial: trial}, true
}

func (p *Pool) nobody(full bool) error {
	f := &message.Fault{Status: 503, Type: "no_endpoint", Detail: "no endpoint is available for this service", RetryAfter: 1}
	if full {
		f.Detail = "all endpoints of this service are serving as many requests as they may"
	}
	return f
}

// shed is the answer to a request that an upstream's limits have no room for.
func shed(err error) error {
	return &message.Fault{
		Status: 503, Type: "no_endpoint", Detail: "this service is serving as many requests as it may", Err: err, RetryAfter: 1,
	}
}
