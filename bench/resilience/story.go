package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// scenario is what happens to the instances.
type scenario struct {
	name    string
	all     bool // it happens to all of them
	happens func(ctx context.Context, instances []*instance) error
}

// scenarios are the ways in which the first instance falls ill.
func scenarios() []scenario {
	return []scenario{
		{"one is killed", false, func(_ context.Context, i []*instance) error { return i[0].kill() }},
		{"one is frozen", false, func(_ context.Context, i []*instance) error { return i[0].freeze() }},
		{"one answers 500 to half", false, func(ctx context.Context, i []*instance) error { return i[0].behave(ctx, "half") }},
	}
}

// storm is when all fail and every failure could be tried again.
func storm() scenario {
	return scenario{"all answer 503", true, func(ctx context.Context, instances []*instance) error {
		for _, i := range instances {
			if err := i.behave(ctx, "503"); err != nil {
				return err
			}
		}
		return nil
	}}
}

// figures are what a story came to, since the illness began.
type figures struct {
	requests, failed int
	slowest          time.Duration
	served           int // requests that reached instances, in a storm
	tries            int // requests that the proxy meant for the sick instance
	last             time.Duration
}

func (f *figures) failures() string {
	return fmt.Sprintf("%d (%.2f%%)", f.failed, 100*float64(f.failed)/float64(max(f.requests, 1)))
}

func (f *figures) quiet() string {
	if f.tries == 0 {
		return "at once"
	}
	return f.last.Round(10 * time.Millisecond).String()
}

// story plays a scenario with one proxy.
func (b *bench) story(ctx context.Context, s scenario, spec proxy) (f figures, err error) {
	dir, err := os.MkdirTemp("", "pingap-resilience-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(dir)
	var instances []*instance
	for n := range 3 {
		i, err := startInstance(ctx, dir, fmt.Sprint("instance", n))
		if err != nil {
			return f, err
		}
		defer i.stop()
		instances = append(instances, i)
	}
	p, err := b.startProxy(ctx, dir, spec, instances)
	if err != nil {
		return f, err
	}
	defer p.stop()
	return b.play(ctx, s, p, instances)
}

// play sends the load, lets it happen, and counts.
func (b *bench) play(ctx context.Context, s scenario, p *running, instances []*instance) (figures, error) {
	l := &load{url: "http://" + p.addr + "/", rate: b.rate, counts: s.all}
	if s.all { // from the first request on: no calm seconds have saved retries
		if err := s.happens(ctx, instances); err != nil {
			return figures{}, err
		}
	}
	sending, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { l.run(sending) })
	if err := pause(ctx, b.before); err != nil {
		return figures{}, err
	}
	var t traffic
	var err error
	if s.all {
		err = pause(ctx, b.after)
	} else {
		t, err = l.watch(ctx, s, p, instances, b.after)
	}
	stop()
	wg.Wait()
	if err == nil && s.all {
		l.served, err = served(ctx, instances)
	}
	l.tries, l.last = t.until()
	return l.figures, err
}

// watch has the first instance fall ill, and counts from then on.
func (l *load) watch(ctx context.Context, s scenario, p *running, instances []*instance, d time.Duration) (traffic, error) {
	before, err := p.sent(ctx, instances[0].addr)
	if err != nil {
		return nil, err
	}
	l.mark()
	began := time.Now()
	if err := s.happens(ctx, instances); err != nil {
		return nil, err
	}
	return p.follow(ctx, instances[0].addr, before, began, d)
}

// served is how many requests have reached the instances.
func served(ctx context.Context, instances []*instance) (sum int, err error) {
	for _, i := range instances {
		n, err := i.served(ctx)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
