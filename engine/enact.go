package engine

import (
	"context"
	"time"

	"pingap-go/config"
	"pingap-go/proxy"
	"pingap-go/telemetry/metrics"
)

// readyWait is how long a swap waits for the first answer of a new pool's
// registry: long enough for one that is well, short enough for a reload while
// it is away.
const readyWait = 2 * time.Second

// enact builds a generation and puts it in the place of the current one.
func (e *Engine) enact(ctx context.Context, c *config.Config) error {
	old := e.current.Load()
	next, err := e.build(c, old)
	if err != nil {
		return err
	}
	if err := e.open(ctx, next); err != nil {
		e.dropFreshAdmin(ctx)
		next.discard(old)
		return err
	}
	e.startPools(next)
	e.startAutoRoutes(next)
	e.awaitPools(ctx, next)
	e.startHeirs(next)
	e.swap(next)
	e.retire(old, next)
	e.swapServices(ctx, old, next)
	e.metrics.Reloaded(metrics.Success, next.Number)
	return nil
}

// open makes everything listen that the next generation needs and that does not
// listen yet. Requests that come meanwhile are served by the old generation, or
// by the next one where there is none.
func (e *Engine) open(ctx context.Context, next *Generation) error {
	if err := e.openAdmin(next); err != nil {
		return err
	}
	var fresh []string
	left := handovers(e.current.Load().config, next.config)
	for name, site := range next.sites {
		s := e.servers[name]
		if s == nil {
			s = proxy.NewServer(name, site, e.dog, e.loops, e.log)
			fresh = append(fresh, name)
		}
		if err := s.Open(e.ctx, unheld(left, name, next.config.Servers[name].Addr)); err != nil {
			e.closeFresh(ctx, fresh)
			e.retainOld()
			return e.at(next.config, err, "servers", name, "addr")
		}
		e.servers[name] = s
	}
	return nil
}

// at gives an error the place of the key that it is about.
func (e *Engine) at(c *config.Config, err error, key ...string) error {
	return config.Problems{c.Problem(err.Error(), key...)}
}

// retainOld closes what a failed reload has opened on servers that stay.
func (e *Engine) retainOld() {
	c := e.current.Load().config
	for name, s := range e.servers {
		if c != nil && c.Servers[name] != nil {
			s.Retain(c.Servers[name].Addr)
		}
	}
}

// closeFresh takes back the servers that a failed reload has opened.
func (e *Engine) closeFresh(ctx context.Context, names []string) {
	for _, name := range names {
		if s := e.servers[name]; s != nil {
			delete(e.servers, name)
			_ = s.Shutdown(ctx) // it has served nobody
		}
	}
}

// swap puts the next generation in force.
func (e *Engine) swap(next *Generation) {
	if next.auto != nil {
		next.auto.attach(next)
	}
	e.handOver(handovers(e.current.Load().config, next.config))
	for name, site := range next.sites {
		e.servers[name].Serve(site, next.config.Servers[name].Addr)
	}
	e.current.Store(next)
	e.swapAdmin(next)
}

// retire ends what only the old generation needed. Requests under way finish on it.
func (e *Engine) retire(old, next *Generation) {
	e.stopPools(old, next)
	if old.auto != nil && old.auto != next.auto {
		old.auto.end()
	}
	if old.consul != nil && old.consul != next.consul {
		old.consul.Close()
	}
	for name, s := range e.servers {
		if next.sites[name] != nil {
			continue
		}
		delete(e.servers, name)
		e.tasks.Go(func() {
			ctx, cancel := context.WithTimeout(e.ctx, next.config.Basic.ShutdownTimeout)
			defer cancel()
			if err := s.Shutdown(ctx); err != nil {
				e.log.Warn("removed server was cut off", "server", name, "err", err)
			}
		})
	}
	old.release()
}
