package upstream

import (
	"context"
	"sync/atomic"

	"pingap-go/balance"
	"pingap-go/endpoint"
)

// Weigh says which part of a lane's traffic an endpoint gets, relative to the
// others; ok is false for one that is not in the lane. It is called by whichever
// request finds that the pool's view has changed, must not block and must answer
// the same for the same endpoint.
type Weigh func(*endpoint.Endpoint) (weight float64, ok bool)

// Lane leases from some of a pool's hosts, with weights of its own. Several lanes
// share the hosts, with connections, counters, latency and ejections, so that a
// host which moves from one lane to another (a canary that is promoted) loses
// nothing. A lane has no goroutine and need not be closed.
type Lane struct {
	pool   *Pool
	policy balance.Policy
	weigh  Weigh
	last   atomic.Pointer[laneView]
}

// laneView is the lane's part of one view of its pool.
type laneView struct{ whole, part *view }

// NewLane makes a lane of the pool. policy is the lane's own.
func (p *Pool) NewLane(policy balance.Policy, weigh Weigh) *Lane {
	return &Lane{pool: p, policy: policy, weigh: weigh}
}

// Lease picks a host of the lane; see Pool.Lease.
func (l *Lane) Lease(ctx context.Context, ask *balance.Ask) (Lease, error) {
	return l.pool.lease(ctx, l.view, ask)
}

// LeaseNow is Lease without a wait in the queue.
func (l *Lane) LeaseNow(ask *balance.Ask) (Lease, error) { return l.pool.leaseNow(l.view, ask) }

// Available reports whether the lane has a host that may be picked.
func (l *Lane) Available() bool { return len(l.view().hosts) > 0 }

// Untried is Pool.Untried for the hosts of the lane.
func (l *Lane) Untried(ask *balance.Ask) bool { return l.view().untried(ask) }

// view is the lane's part of the pool's present view. It is worked out once for
// each view, by the first request that comes; two that come at once may both do
// it, to the same end.
func (l *Lane) view() *view {
	whole := l.pool.view.Load()
	if last := l.last.Load(); last != nil && last.whole == whole {
		return last.part
	}
	part := l.partOf(whole)
	l.last.Store(&laneView{whole, part})
	return part
}

func (l *Lane) partOf(whole *view) *view {
	part := &view{tier: whole.tier, panics: whole.panics}
	var candidates []balance.Candidate
	for i := range whole.hosts {
		weight, ok := l.weigh(whole.endpoints[i])
		if !ok {
			continue
		}
		part.hosts = append(part.hosts, whole.hosts[i])
		candidates = append(candidates, whole.candidate(i, whole.shares[i]*weight))
	}
	part.picker = l.policy.Picker(candidates)
	return part
}
