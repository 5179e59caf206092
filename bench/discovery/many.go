package main

import (
	"context"
	"fmt"
	"time"

	"pingap-go/admin"
)

const (
	manyServices  = 300
	manyInstances = 20 // of each service
	manyChanges   = 50 // a second
)

// many follows 300 services of 20 instances each while 50 instances a second
// change their address, over each of the roads to the agent.
func many(ctx context.Context, b *bench) ([]figure, error) {
	a, err := startAgent(ctx, b, false)
	if err != nil {
		return nil, err
	}
	defer a.kill()
	var services []string
	var places []place
	for s := range manyServices {
		services = append(services, fmt.Sprintf("service-%03d", s))
		for i := range manyInstances {
			places = append(places, manyPlace(s, i))
		}
	}
	if err := a.fill(places); err != nil {
		return nil, err
	}
	var figures []figure
	for _, road := range []struct {
		name, address string
		port          int // of the first change; the second road has to see news, too
	}{
		{"plain HTTP", a.http, 21000}, {"TLS (HTTP/2)", "https://" + a.https, 31000},
	} {
		p, err := newProxy(b, road.address, services...)
		if err != nil {
			return figures, err
		}
		more, err := a.churn(ctx, p, road.name, road.port)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// manyPlace is where an instance is at first.
func manyPlace(service, instance int) place {
	name := fmt.Sprintf("service-%03d", service)
	return place{
		service: name, id: fmt.Sprintf("%s-%02d", name, instance), node: fmt.Sprintf("node-%02d", instance),
		address: fmt.Sprintf("127.0.0.1:%d", 20000+instance),
	}
}

// churn measures one pingap at rest and while the catalog changes.
func (a *agent) churn(ctx context.Context, p *proxy, road string, port int) ([]figure, error) {
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	defer p.stop()
	if err := rest(ctx, 3*time.Second); err != nil {
		return nil, err
	}
	span := pick(p.b, 6*time.Second, 20*time.Second)
	idle, err := p.share(func() error { return rest(ctx, span/2) })
	if err != nil {
		return nil, err
	}
	var last place
	began := time.Now()
	busy, err := p.share(func() error { last, err = a.change(ctx, span, port); return err })
	if err != nil {
		return nil, err
	}
	rate := float64(span/(time.Second/manyChanges)) / time.Since(began).Seconds()
	err = await(ctx, 10*time.Second, func() error { return p.knows(last) })
	if err != nil {
		return nil, err
	}
	resident, err := p.memory("VmHWM")
	return []figure{
		{fmt.Sprintf("%s: CPU of a core, %.0f changes a second", road, rate), fmt.Sprintf("%.1f%%", 100*busy), "< 10%", busy < 0.10},
		told(road+": CPU of a core, no change", fmt.Sprintf("%.1f%%", 100*idle)),
		{road + ": RSS at most", fmt.Sprintf("%d MB", resident>>20), "< 80 MB", resident < 80<<20},
	}, err
}

// change changes one instance after the other for so long, each of another
// service than the one before, and returns the last.
func (a *agent) change(ctx context.Context, span time.Duration, port int) (last place, err error) {
	turn := time.NewTicker(time.Second / manyChanges)
	defer turn.Stop()
	for n := range int(span / (time.Second / manyChanges)) {
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-turn.C:
		}
		last = manyPlace(n%manyServices, n/manyServices%manyInstances)
		last.address = fmt.Sprintf("127.0.0.1:%d", port+n)
		if err := a.set(last); err != nil {
			return last, err
		}
	}
	return last, nil
}

// share is which part of one core the process used while during ran.
func (p *proxy) share(during func() error) (float64, error) {
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := during(); err != nil {
		return 0, err
	}
	took := time.Since(began)
	after, err := p.cpu()
	return float64(after-before) / float64(took), err
}

// knows says whether the pool has an instance where it was registered.
func (p *proxy) knows(want place) error {
	u, err := p.upstream(want.service)
	if err != nil {
		return err
	}
	for _, e := range u.Endpoints {
		if e.ID == want.id && e.Address == want.address {
			return nil
		}
	}
	return fmt.Errorf("%s is not at %s in %v", want.id, want.address, addresses(u))
}

func addresses(u admin.Upstream) (list []string) {
	for _, e := range u.Endpoints {
		list = append(list, e.Address)
	}
	return list
}
