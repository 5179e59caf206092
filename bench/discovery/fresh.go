package main

import (
	"context"
	"errors"
	"fmt"
	"time"
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
	l := s.load(ctx, 1000)
	defer l.end()
	changes := pick(b, 60, 200)
	var took, whole []time.Duration
	for n := range changes {
		to := s.instances[[]string{"right", "left"}[n%2]]
		l.expect(to.name)
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
		if err := rest(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	l.end()
	news := newSpread(took)
	return []figure{
		{fmt.Sprintf("%d changes: from the catalog to an answer", changes), news.percentiles(), "p99 <= 100 ms", news.at(0.99) <= 100*time.Millisecond},
		told("the same with Consul's own write", newSpread(whole).percentiles()),
		l.failed(),
	}, nil
}
