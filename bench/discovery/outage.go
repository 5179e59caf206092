package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// right is how soon after the agent's return membership has to be right.
const right = 10 * time.Second

// kills kills the agent and starts it again under load. With each return an
// instance comes or goes.
func kills(ctx context.Context, b *bench) ([]figure, error) {
	s, err := startStage(ctx, b, stageOptions{keeps: true}, "a", "b", "c", "d")
	if err != nil {
		return nil, err
	}
	defer s.close()
	l := s.load(ctx, 1000)
	count := pick(b, 3, 10)
	before := s.proxy.log()
	var took []time.Duration
	here := true
	for range count {
		s.agent.kill()
		if err := rest(ctx, 500*time.Millisecond); err != nil {
			return nil, err
		}
		if err := s.agent.start(ctx); err != nil {
			return nil, err
		}
		here = !here
		t, err := s.toggle(ctx, "d", here)
		if err != nil {
			return nil, err
		}
		took = append(took, t)
	}
	l.end()
	said := strings.TrimPrefix(s.proxy.log(), before)
	stale, live := strings.Count(said, "membership is stale"), strings.Count(said, "membership is live")
	return []figure{
		l.failed(),
		returned(fmt.Sprintf("%d kills: membership right after each return", count), took),
		{"log lines of turning stale and live", fmt.Sprintf("%d and %d", stale, live), "one a kill", stale == count && live == count},
	}, nil
}

// returned is the figure of how long it took until membership was right.
func returned(what string, took []time.Duration) figure {
	s := newSpread(took)
	return figure{what, s.String(), "< 10 s", s.at(1) < right}
}

// toggle registers or deregisters an instance and measures until the pool has it
// so, and nobody else changed.
func (s *stage) toggle(ctx context.Context, name string, here bool) (time.Duration, error) {
	began := time.Now()
	change, want := s.agent.set, s.names()
	if !here {
		change, want = s.agent.unset, without(want, name)
	}
	if err := change(s.instances[name].at("api")); err != nil {
		return 0, err
	}
	err := s.proxy.awaitUp(ctx, "api", 3*right, want...)
	return time.Since(began), err
}

func without(names []string, name string) (left []string) {
	for _, n := range names {
		if n != name {
			left = append(left, n)
		}
	}
	return left
}

// frozen stops the agent with SIGSTOP for two minutes.
func frozen(ctx context.Context, b *bench) ([]figure, error) {
	s, err := startStage(ctx, b, stageOptions{keeps: true}, "a", "b", "c", "d")
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.silence(ctx, pick(b, 20*time.Second, 2*time.Minute), s.agent.freeze, s.agent.thaw)
}

// swallowed has the agent's port take everything and answer nothing.
func swallowed(ctx context.Context, b *bench) ([]figure, error) {
	s, err := startStage(ctx, b, stageOptions{keeps: true, relayed: true}, "a", "b", "c", "d")
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.silence(ctx, pick(b, 20*time.Second, 2*time.Minute), s.relay.swallow, s.relay.restore)
}

// silence has the agent say nothing for so long under load; then an instance
// goes.
func (s *stage) silence(ctx context.Context, span time.Duration, begin, end func()) ([]figure, error) {
	l := s.load(ctx, 1000)
	before := s.proxy.log()
	began := time.Now()
	begin()
	err := await(ctx, span, s.stale)
	shown := time.Since(began)
	if err == nil {
		err = rest(ctx, span-shown)
	}
	during := s.proxy.log()
	end()
	if err != nil {
		return nil, err
	}
	took, err := s.toggle(ctx, "d", false)
	if err != nil {
		return nil, err
	}
	l.end()
	lines := strings.Count(strings.TrimPrefix(during, before), "\n")
	return []figure{
		l.failed(),
		returned(fmt.Sprintf("silent for %s: membership right after the return", span), []time.Duration{took}),
		told("the pool says stale after", short(shown).String()),
		{"log lines meanwhile", fmt.Sprint(lines), "1", lines == 1},
	}, nil
}

func (s *stage) stale() error {
	u, err := s.proxy.upstream("api")
	if err == nil && !u.Stale {
		err = fmt.Errorf("the pool is not stale")
	}
	return err
}
