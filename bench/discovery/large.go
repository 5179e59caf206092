package main

import (
	"context"
	"fmt"
	"time"
)

// largeInstances are those of the one large service.
const largeInstances = 5000

// rateOfLoad is how many requests a second each pingap has.
const rateOfLoad = 300

// large changes one instance after the other of a service of 5,000: in the real
// pingap under load, and then in its parts alone.
func large(ctx context.Context, b *bench) ([]figure, error) {
	server, err := startInstance("all")
	if err != nil {
		return nil, err
	}
	defer server.stop()
	a, err := startAgent(ctx, b, false)
	if err != nil {
		return nil, err
	}
	defer a.kill()
	var places []place
	for n := range largeInstances {
		places = append(places, place{service: "api", id: fmt.Sprintf("api-%04d", n), node: fmt.Sprintf("node-%02d", n%50), address: server.addr})
	}
	if err := a.fill(places); err != nil {
		return nil, err
	}
	figures, err := a.updates(ctx, b, places)
	if err != nil {
		return figures, err
	}
	decode, err := a.decoding(ctx, places[0])
	if err != nil {
		return figures, err
	}
	figures = append(figures, decode)
	pools, err := poolCosts(ctx, pick(b, 30, 100))
	return append(figures, pools...), err
}

// updates measures requests before and while the service changes twice a second,
// and what each change costs the process. Consul makes a list of 5,000 of each
// change on the same cores, so a second pingap that follows another service shows
// what of it is not pingap's.
func (a *agent) updates(ctx context.Context, b *bench, places []place) ([]figure, error) {
	other := place{service: "other", id: "other", node: places[0].node, address: places[0].address}
	if err := a.set(other); err != nil {
		return nil, err
	}
	p, l, err := a.under(ctx, b, "api")
	if err != nil {
		return nil, err
	}
	defer p.stop()
	defer l.end()
	q, m, err := a.under(ctx, b, "other")
	if err != nil {
		return nil, err
	}
	defer q.stop()
	defer m.end()
	changes := pick(b, 10, 40)
	span := time.Duration(changes) * time.Second / 2
	// To each instance there is a connection first: opening thousands costs more than
	// what is measured here.
	if err := rest(ctx, pick(b, 2*time.Second, (largeInstances/rateOfLoad+2)*time.Second)); err != nil {
		return nil, err
	}
	l.lap()
	m.lap()
	quiet, err := p.share(func() error { return rest(ctx, span) })
	if err != nil {
		return nil, err
	}
	before := spread(l.lap())
	m.lap()
	busy, err := p.share(func() error { return a.touch(ctx, places[:changes], time.Second/2) })
	if err != nil {
		return nil, err
	}
	during, elsewhere := spread(l.lap()), spread(m.lap())
	l.end()
	return []figure{
		l.failed(),
		told("requests while nothing changes", before.percentiles()),
		told("requests during two updates a second", during.percentiles()),
		told("the same through a pingap without the service", elsewhere.percentiles()),
		delay(during.at(0.99), elsewhere.at(0.99)),
		told("CPU of the process for each update, all in all", short(time.Duration((busy-quiet)*float64(time.Second)/2)).String()),
	}, nil
}

// delay is what the updates cost requests. No request waits for one, but each has to
// wait for a turn of the work on it, a quarter of a millisecond, where there is
// one thread.
func delay(during, elsewhere time.Duration) figure {
	const most = 1500 * time.Microsecond
	more := during - elsewhere
	return figure{"so much later is the p99 for it", short(more).String(), "< 1.5 ms", more < most}
}

// under starts a pingap that follows a service, and puts it under load.
func (a *agent) under(ctx context.Context, b *bench, service string) (*proxy, *load, error) {
	p, err := newProxy(b, a.http, service)
	if err != nil {
		return nil, nil, err
	}
	if err := p.start(ctx); err != nil {
		return nil, nil, err
	}
	return p, startLoad(ctx, p.addr, "/"+service, rateOfLoad), nil
}

// touch changes the tags of one instance after the other.
func (a *agent) touch(ctx context.Context, places []place, pause time.Duration) error {
	for _, p := range places {
		p.version = "2"
		if err := a.set(p); err != nil {
			return err
		}
		if err := rest(ctx, pause); err != nil {
			return err
		}
	}
	return nil
}
