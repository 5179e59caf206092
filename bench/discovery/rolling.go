package main

import (
	"context"
	"fmt"
	"time"
)

const replaced = 20

// rolling replaces all 20 instances under load: one is registered, an old one
// deregistered, and ends when the pool has let go of it.
func rolling(ctx context.Context, b *bench) ([]figure, error) {
	var names []string
	for n := range replaced {
		names = append(names, fmt.Sprintf("old-%02d", n))
	}
	s, err := startStage(ctx, b, stageOptions{}, names...)
	if err != nil {
		return nil, err
	}
	defer s.close()
	l := s.load(ctx, 1000)
	began := time.Now()
	for n, old := range names {
		if err := s.replace(ctx, old, fmt.Sprintf("new-%02d", n)); err != nil {
			return nil, err
		}
	}
	took := time.Since(began)
	if err := rest(ctx, time.Second); err != nil {
		return nil, err
	}
	l.end()
	return []figure{l.failed(), told(fmt.Sprintf("%d instances replaced in", replaced), short(took).String())}, nil
}

// replace puts an instance in the place of another.
func (s *stage) replace(ctx context.Context, before, after string) error {
	next, err := startInstance(after)
	if err != nil {
		return err
	}
	last := s.instances[before]
	s.instances[after] = next
	if err := s.agent.set(next.at("api")); err != nil {
		return err
	}
	if err := s.agent.unset(last.at("api")); err != nil {
		return err
	}
	delete(s.instances, before)
	defer last.stop() // once the pool has let go of it
	if err := s.proxy.awaitUp(ctx, "api", 10*time.Second, s.names()...); err != nil {
		return err
	}
	return rest(ctx, 100*time.Millisecond)
}
