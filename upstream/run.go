package upstream

import (
	"context"
	"sync"
	"time"
)

const (
	// restoreAfter is how long a pool waits for its registry before it serves from
	// what was saved. A registry that answers with an error ends the wait at once.
	restoreAfter = 300 * time.Millisecond
	// housekeeping is how often hosts that drain and connections that idle are
	// looked at.
	housekeeping = time.Second
)

// Run keeps the pool until ctx ends: it runs the watcher and the probes and makes
// all decisions. When it returns all of the pool's goroutines have ended and its
// idle connections are closed, unless another pool has inherited its hosts.
func (p *Pool) Run(ctx context.Context) {
	defer close(p.over)
	var running sync.WaitGroup
	if p.options.Watcher != nil {
		running.Go(func() { p.watch(ctx) })
	}
	if p.monitor != nil {
		running.Go(func() { p.monitor.Run(ctx) })
	}
	if p.saver != nil {
		running.Go(func() { p.saver.run(ctx) })
	}
	p.live(ctx)
	<-ctx.Done()
	running.Wait()
	p.close()
}

// live decides until ctx ends or an heir has taken over.
func (p *Pool) live(ctx context.Context) {
	p.due = time.NewTimer(time.Hour)
	defer p.due.Stop()
	house := time.NewTicker(housekeeping)
	defer house.Stop()
	var restore, warm <-chan time.Time // what not every pool needs
	if p.options.Seed != nil {
		t := time.NewTimer(restoreAfter)
		defer t.Stop()
		restore = t.C
	}
	if p.options.SlowStart > 0 {
		t := time.NewTicker(p.warmStep())
		defer t.Stop()
		warm = t.C
	}
	for {
		p.step(time.Now())
		select {
		case <-ctx.Done():
			return
		case heir := <-p.heirs:
			heir <- p.bequeath()
			return
		case <-restore:
			p.pace.Begin()
			p.restore(time.Now())
		case <-p.wake:
		case <-p.due.C:
		case <-house.C:
			p.keepHouse(time.Now())
		case <-warm:
		}
	}
}

// warmStep is how often the shares of hosts that warm up grow: twenty times
// while they do.
func (p *Pool) warmStep() time.Duration {
	return min(max(p.options.SlowStart/20, 50*time.Millisecond), housekeeping)
}

// watch runs the watcher; one that gives up has failed for good.
func (p *Pool) watch(ctx context.Context) {
	if err := p.options.Watcher.Watch(ctx, p); err != nil && ctx.Err() == nil {
		p.Fail(err)
	}
}

// step takes in all news, decides, and publishes what has changed.
func (p *Pool) step(now time.Time) {
	p.pace.Begin()
	p.mu.Lock()
	news := p.inbox
	p.inbox = inbox{}
	p.mu.Unlock()
	if news.snapshot != nil {
		p.learn(*news.snapshot, now, news.err)
		p.pace.Rest()
	}
	if news.err != nil {
		p.lose(news.err, now)
	}
	for id, found := range news.probes {
		if h := p.hosts[id]; h != nil && h.endpoint.Address == found.address {
			h.probe, h.probed, h.touched = found.result, true, true
		}
	}
	p.decide(now)
}

// close ends all hosts; requests that still hold a lease close their connections.
func (p *Pool) close() {
	for _, h := range p.order {
		h.close()
	}
	for _, h := range p.draining {
		h.close()
	}
	p.Discard()
}
