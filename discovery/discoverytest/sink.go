// Package discoverytest has the other end of a watcher for tests: a Sink that
// remembers what it was told and that a test can wait on.
//
//	var sink discoverytest.Sink
//	go watcher.Watch(ctx, &sink)
//	sink.Await(t, time.Second, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 2 })
package discoverytest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pingap-go/endpoint"
)

// Sink is a discovery.Sink that keeps what it was told, for tests of watchers.
// The zero value is ready.
type Sink struct {
	mu      sync.Mutex
	updates []endpoint.Snapshot
	fails   []error
	stale   bool
	news    chan struct{}
}

// Update notes a snapshot.
func (s *Sink) Update(snapshot endpoint.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, snapshot)
	s.stale = false
	s.signal()
}

// Fail notes an error.
func (s *Sink) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = append(s.fails, err)
	s.stale = true
	s.signal()
}

func (s *Sink) signal() {
	if s.news != nil {
		close(s.news)
		s.news = nil
	}
}

// Last returns the newest snapshot; ok is false before the first.
func (s *Sink) Last() (last endpoint.Snapshot, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.updates) == 0 {
		return endpoint.Snapshot{}, false
	}
	return s.updates[len(s.updates)-1], true
}

// All returns every snapshot so far, the oldest first.
func (s *Sink) All() []endpoint.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.updates)
}

// Errs returns every error so far, the oldest first.
func (s *Sink) Errs() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fails)
}

// Counts returns how many snapshots and errors came so far.
func (s *Sink) Counts() (updates, fails int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.updates), len(s.fails)
}

// Err returns the newest error if nothing was published after it, else nil.
func (s *Sink) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stale {
		return nil
	}
	return s.fails[len(s.fails)-1]
}

// Await waits until the newest snapshot satisfies want, and returns it.
func (s *Sink) Await(t testing.TB, within time.Duration, want func(endpoint.Snapshot) bool) endpoint.Snapshot {
	t.Helper()
	var found endpoint.Snapshot
	s.await(t, within, func() bool {
		if len(s.updates) == 0 {
			return false
		}
		found = s.updates[len(s.updates)-1]
		return want(found)
	})
	return found
}

// AwaitErr waits until the newest word is an error, and returns it.
func (s *Sink) AwaitErr(t testing.TB, within time.Duration) error {
	t.Helper()
	var found error
	s.await(t, within, func() bool {
		if s.stale {
			found = s.fails[len(s.fails)-1]
		}
		return s.stale
	})
	return found
}

func (s *Sink) await(t testing.TB, within time.Duration, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		if done() {
			s.mu.Unlock()
			return
		}
		if s.news == nil {
			s.news = make(chan struct{})
		}
		news := s.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-deadline.C:
			t.Fatalf("not within %s; the sink has %s", within, s.describe())
		}
	}
}

func (s *Sink) describe() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("%d snapshots and %d errors", len(s.updates), len(s.fails))
	if len(s.updates) > 0 {
		text += fmt.Sprintf(", last %+v", s.updates[len(s.updates)-1])
	}
	if len(s.fails) > 0 {
		text += fmt.Sprintf(", last error %v", s.fails[len(s.fails)-1])
	}
	return text
}
