package engine

import (
	"context"

	"pingap-go/upstream"
)

// runningPool is a pool with what it was made from and what ends it.
type runningPool struct {
	key  *poolKey // nil for an automatic route's
	pool *upstream.Pool
	from *runningPool       // whose hosts it inherits; nil once it has, or has none
	stop context.CancelFunc // nil until started
	done chan struct{}
}

// startPools runs the pools that do not run yet and inherit nothing.
func (e *Engine) startPools(g *Generation) {
	for _, p := range g.pools {
		if p.stop == nil && p.from == nil {
			e.startPool(p)
		}
	}
}

// startHeirs has pools take over the hosts of those whose place they take, and
// runs them. It comes at the very end, because from then on the old ones decide
// nothing; the new ones know at once all that the old ones knew.
func (e *Engine) startHeirs(g *Generation) {
	ctx, cancel := context.WithTimeout(e.ctx, readyWait)
	defer cancel()
	for _, p := range g.pools {
		if p.from == nil {
			continue
		}
		p.pool.Inherit(ctx, p.from.pool, sameLink(&p.key.Upstream, &p.from.key.Upstream))
		p.from = nil
		e.startPool(p)
	}
}

func (e *Engine) startPool(p *runningPool) {
	ctx, cancel := context.WithCancel(e.ctx)
	p.stop = cancel
	e.tasks.Go(func() {
		defer close(p.done)
		p.pool.Run(ctx)
	})
}

// awaitPools waits a moment for pools that have no members yet, so that a swap
// does not answer 503 where a registry needs a few milliseconds.
func (e *Engine) awaitPools(ctx context.Context, g *Generation) {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	for _, p := range g.pools {
		if p.from == nil {
			p.pool.Await(ctx)
		}
	}
	if g.auto != nil {
		g.auto.watcher.Await(ctx)
	}
}

// stopPools ends the pools of g that other does not have, and waits for them.
func (e *Engine) stopPools(g, other *Generation) {
	for name, p := range g.pools {
		if other.pools[name] != p && p.stop != nil {
			p.stop()
			<-p.done
		}
	}
}
