package balance

import "sync/atomic"

// roundRobin gives every candidate its turn, in proportion to its weight and
// evenly spread ("smooth": a heavy candidate gets no bursts). It is both
// round_robin and weighted_round_robin: with equal weights, candidates take turns
// in the order of the list.
//
// A retry takes another turn rather than the tried host's neighbour, so what a
// sick host sheds is spread over all the others.
//
// Source: round robin with the smoothness of nginx's weighted round robin
// (ngx_http_upstream_round_robin.c), whose choice costs O(n) a request; here the
// order is laid out when the list changes. See rotation.
type roundRobin struct {
	choices []choice
	order   *rotation
}

// roundRobinBuilder keeps the position from one picker to the next.
func roundRobinBuilder(start uint64) builder {
	turn := new(atomic.Uint64)
	turn.Store(start)
	return func(candidates []Candidate) Picker {
		return &roundRobin{choices: choicesOf(candidates), order: newRotation(candidates, turn)}
	}
}

func (p *roundRobin) Pick(ask *Ask) int { return p.order.nextUntried(p.choices, ask) }
