package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/consul/api"
)

// fresh moves one instance between two servers under load, and measures from the
// moment that the change is in the catalog to the first answer of the new server.
func fresh(ctx context.Context, b *bench) ([]figure, error) {
	s, err := startStage(ctx, b, stageOptions{}, "left", "right")
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.agent.unset(s.instances["right"].at("api")); err != nil {
		return nil, err
	}
	if err := s.proxy.awaitUp(ctx, "api", 10*time.Second, "left"); err != nil {
		return nil, err
	}
	bare, err := s.agent.listen(ctx, "api")
	if err != nil {
		return nil, err
	}
	defer bare.end()
	l := s.load(ctx, 1000)
	defer l.end()
	changes := pick(b, 60, 200)
	var took, whole, theirs []time.Duration
	for n := range changes {
		to := s.instances[[]string{"right", "left"}[n%2]]
		l.expect(to.name)
		bare.expect(to.addr)
		began := time.Now()
		if err := s.agent.set(place{service: "api", id: "left", node: "apps", address: to.addr}); err != nil {
			return nil, err
		}
		set := time.Now()
		select {
		case seen := <-l.seen:
			took, whole = append(took, max(seen.Sub(set), 0)), append(whole, seen.Sub(began))
		case <-time.After(10 * time.Second):
			return nil, errors.New("a change does not show within 10 s")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		select {
		case told := <-bare.seen:
			theirs = append(theirs, max(told.Sub(set), 0))
		case <-time.After(10 * time.Second):
			return nil, errors.New("consul does not tell of a change within 10 s")
		}
		if err := rest(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	l.end()
	news := newSpread(took)
	return []figure{
		{fmt.Sprintf("%d changes: from the catalog to an answer", changes), news.percentiles(), "p99 <= 100 ms", news.at(0.99) <= 100*time.Millisecond},
		told("the same with Consul's own write", newSpread(whole).percentiles()),
		told("from the catalog to a bare blocking query", newSpread(theirs).percentiles()),
		l.failed(),
	}, nil
}

// ear is a bare blocking query, which shows what of a delay is Consul's and the
// machine's.
type ear struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
	seen    chan time.Time

	mu       sync.Mutex
	expected string
}

// listen follows a service of one instance.
func (a *agent) listen(ctx context.Context, service string) (*ear, error) {
	_, meta, err := a.api.Health().Service(service, "", false, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	e := &ear{cancel: cancel, seen: make(chan time.Time, 1)}
	e.running.Go(func() { e.run(ctx, a.api, service, meta.LastIndex) })
	return e, nil
}

func (e *ear) run(ctx context.Context, client *api.Client, service string, index uint64) {
	for ctx.Err() == nil {
		o := &api.QueryOptions{WaitIndex: index, WaitTime: 10 * time.Second, AllowStale: true}
		entries, meta, err := client.Health().Service(service, "", false, o.WithContext(ctx))
		if err != nil {
			continue
		}
		index = meta.LastIndex
		for _, entry := range entries {
			e.hear(fmt.Sprintf("%s:%d", entry.Service.Address, entry.Service.Port))
		}
	}
}

func (e *ear) hear(address string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if address == e.expected {
		e.expected = ""
		e.seen <- time.Now()
	}
}

// expect has the next answer with that address told on seen.
func (e *ear) expect(address string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expected = address
}

func (e *ear) end() {
	e.cancel()
	e.running.Wait()
}
