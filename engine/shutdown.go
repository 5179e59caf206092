package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pingap-go/config"
)

// Shutdown drains: /readyz fails, services deregister, drain_delay passes, listeners close, requests
// under way finish within shutdown_timeout. It ends early, and says so, when ctx
// does.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.stopping.Store(true)
	e.mu.Lock()
	defer e.mu.Unlock()
	basic := e.basic()
	e.leaveServices(ctx)
	for _, s := range e.servers {
		s.Drain()
	}
	sleep(ctx, basic.DrainDelay)
	ctx, cancel := context.WithTimeout(ctx, basic.ShutdownTimeout)
	defer cancel()
	return e.stop(ctx)
}

func (e *Engine) basic() config.Basic {
	if c := e.current.Load().config; c != nil {
		return c.Basic
	}
	return config.Basic{ShutdownTimeout: time.Second}
}

// stop ends everything there is.
func (e *Engine) stop(ctx context.Context) error {
	var errs []error
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, s := range e.servers {
		wg.Go(func() {
			if err := s.Shutdown(ctx); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	e.closeAdmin(ctx)
	e.cancel()
	e.tasks.Wait()
	e.loops.Close()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := e.tracer.Shutdown(closing); err != nil {
		errs = append(errs, fmt.Errorf("flush traces: %w", err))
	}
	errs = append(errs, e.accessLog.Close(closing))
	if g := e.current.Load(); g.consul != nil {
		g.consul.Close()
	}
	return errors.Join(errs...)
}

// sleep waits for d or for ctx.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
