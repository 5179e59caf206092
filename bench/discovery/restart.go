package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// restart starts pingap while its agent is away: first with what it saved before,
// then with that damaged.
func restart(ctx context.Context, b *bench) ([]figure, error) {
	s, err := startStage(ctx, b, stageOptions{}, "a", "b", "c")
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.saved(ctx); err != nil {
		return nil, err
	}
	s.proxy.stop()
	s.agent.kill()
	var took []time.Duration
	for range pick(b, 3, 10) {
		t, err := s.serveSaved(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, t)
	}
	aside, err := s.serveDamaged(ctx)
	all := newSpread(took)
	return []figure{
		{"started without Consul: the first answer after", all.String(), "< 1 s", all.at(1) < time.Second},
		{"the pool says stale and since when", "yes", "yes", true},
		{"a damaged file is set aside with a warning", aside, "yes", aside == "yes"},
	}, err
}

// saved waits until the membership is on disk.
func (s *stage) saved(ctx context.Context) error {
	return await(ctx, 5*time.Second, func() error {
		files, _ := filepath.Glob(filepath.Join(s.proxy.state, "*.json"))
		if len(files) == 0 {
			return errors.New("nothing was saved in " + s.proxy.state)
		}
		return nil
	})
}

// serveSaved starts pingap, measures until a request is answered, and looks at
// what the pool says of itself.
func (s *stage) serveSaved(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := s.proxy.launch(); err != nil {
		return 0, err
	}
	defer s.proxy.stop()
	c := &client{load: &load{addr: s.proxy.addr, path: "/api"}}
	defer c.close()
	err := await(ctx, 10*time.Second, func() error { _, err := c.exchange(); return err })
	took := time.Since(began)
	if err != nil {
		return took, err
	}
	u, err := s.proxy.upstream("api")
	if err == nil && (!u.Stale || u.Saved.IsZero() || len(u.Endpoints) != len(s.instances)) {
		err = fmt.Errorf("the pool says stale %t, saved %s, %d endpoints", u.Stale, u.Saved, len(u.Endpoints))
	}
	return took, err
}

// serveDamaged cuts what was saved in two and says what pingap makes of it.
func (s *stage) serveDamaged(ctx context.Context) (string, error) {
	files, err := filepath.Glob(filepath.Join(s.proxy.state, "*.json"))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("%d saved files, %w", len(files), err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(files[0], text[:len(text)/2], 0o600); err != nil {
		return "", err
	}
	before := s.proxy.log()
	if err := s.proxy.launch(); err != nil {
		return "", err
	}
	defer s.proxy.stop()
	err = await(ctx, 10*time.Second, func() error {
		if !strings.Contains(strings.TrimPrefix(s.proxy.log(), before), "saved membership cannot be used") {
			return errors.New("no warning: " + strings.TrimPrefix(s.proxy.log(), before))
		}
		return nil
	})
	if _, missing := os.Stat(files[0] + ".damaged"); err == nil && missing != nil {
		return "no: " + missing.Error(), nil
	}
	return "yes", err
}
