package upstream

import (
	"context"
	"log/slog"
	"time"

	"pingap-go/endpoint"
)

// saver keeps memberships for the next start, on a goroutine of its own: a disk
// that takes its time must not delay the pool's decisions. While it writes, only
// the newest snapshot waits.
type saver struct {
	save     func(endpoint.Snapshot) error
	log      *slog.Logger
	newest   chan endpoint.Snapshot // room for one
	last     endpoint.Snapshot      // what was written
	lastTime time.Time
	rested   time.Time // when the last rest was over
}

// again is how often a membership that did not change is written all the same:
// the time in the file tells a restart how old its knowledge is.
const again = time.Minute

// How long the disk has rest after a write of one membership: a short while when
// nothing was written in a long while before it, a long while otherwise. A restart
// needs to know nearly who was there, not each step of a rollout; and a proxy that
// ends in order writes the last step.
const (
	shortRest = time.Second
	longRest  = 30 * time.Second
)

func newSaver(save func(endpoint.Snapshot) error, log *slog.Logger) *saver {
	return &saver{save: save, log: log, newest: make(chan endpoint.Snapshot, 1)}
}

// offer hands a snapshot over and returns at once. Only the pool's goroutine may
// call it.
func (s *saver) offer(snapshot endpoint.Snapshot) {
	select {
	case <-s.newest:
	default:
	}
	s.newest <- snapshot
}

// run writes until ctx ends, and then what is still waiting.
func (s *saver) run(ctx context.Context) {
	for {
		select {
		case snapshot := <-s.newest:
			if s.write(snapshot) {
				s.pause(ctx)
			}
		case <-ctx.Done():
			select {
			case snapshot := <-s.newest:
				s.write(snapshot)
			default:
			}
			return
		}
	}
}

// pause waits until the next write may follow, unless ctx ends.
func (s *saver) pause(ctx context.Context) {
	rest := shortRest
	if time.Since(s.rested) < longRest {
		rest = longRest
	}
	over := time.NewTimer(rest)
	defer over.Stop()
	select {
	case <-over.C:
		s.rested = time.Now()
	case <-ctx.Done():
	}
}

// write saves a snapshot unless the disk has its like, and reports whether it did.
func (s *saver) write(snapshot endpoint.Snapshot) bool {
	now := time.Now()
	if !s.lastTime.IsZero() && now.Sub(s.lastTime) < again && snapshot.SameMembers(s.last) {
		return false
	}
	if err := s.save(snapshot); err != nil {
		s.log.Warn("membership was not saved", "err", err)
		return false
	}
	s.last, s.lastTime = snapshot, now
	return true
}
