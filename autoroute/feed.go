package autoroute

import (
	"sync"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// feed passes what one watch of a service learns on to any number of pools, so
// that a service with several pools (plain and TLS, say) is asked for once.
//
// Until the registry has answered it may be given what was saved, whose time of
// saving tells it from an answer. Pools that join get that as their seed, from
// Watcher.Restored, and are never told it as an answer.
type feed struct {
	news func() // something was learned; returns at once

	mu    sync.Mutex
	saved *endpoint.Snapshot // what an earlier run knew; nil once there is anything better
	last  *endpoint.Snapshot
	heard time.Time // when last was last said, by the registry
	fresh bool      // take has not given last away yet
	err   error
	sinks []discovery.Sink
}

var _ discovery.Sink = (*feed)(nil)

// Update implements discovery.Sink. The pools hear of it before the routes are
// made, so that a new route finds its instances.
func (f *feed) Update(s endpoint.Snapshot) {
	f.mu.Lock()
	news := f.last == nil || !f.last.Saved.IsZero() || !s.SameMembers(*f.last)
	f.last, f.saved, f.err, f.heard = &s, nil, nil, time.Now()
	f.fresh = f.fresh || news
	for _, sink := range f.sinks {
		sink.Update(s)
	}
	f.mu.Unlock()
	if news {
		f.news()
	}
}

// Fail implements discovery.Sink. Where nothing was ever learned, what was saved
// is in force from now on.
func (f *feed) Fail(err error) {
	f.mu.Lock()
	news := f.err == nil
	if f.last == nil && f.saved != nil {
		f.last, f.heard, f.fresh = f.saved, f.saved.Saved, true
		f.saved, news = nil, true
	}
	f.err = err
	for _, sink := range f.sinks {
		sink.Fail(err)
	}
	f.mu.Unlock()
	if news {
		f.news()
	}
}

// late puts in force what was saved, if the registry has said nothing yet.
func (f *feed) late(err error) {
	f.mu.Lock()
	waits := f.last == nil && f.saved != nil
	f.mu.Unlock()
	if waits {
		f.Fail(err)
	}
}

// take returns what was learned since it was last called, nil for nothing.
func (f *feed) take() *endpoint.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.fresh {
		return nil
	}
	f.fresh = false
	return f.last
}

// answered reports whether there was a first word, good or bad.
func (f *feed) answered() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last != nil || f.err != nil
}

// memory is what a later run should know, with the time at which it was true; ok
// is false for nothing.
func (f *feed) memory() (s endpoint.Snapshot, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.last != nil:
		s = *f.last
		s.Saved = f.heard
	case f.saved != nil:
		s = *f.saved
	}
	return s, len(s.Endpoints) > 0
}

// restored is what is in force because it was saved, nil when that is nothing.
func (f *feed) restored() *endpoint.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil || f.last.Saved.IsZero() {
		return nil
	}
	return f.last
}

// join tells sink what is known and passes on what comes, until leave is called.
func (f *feed) join(sink discovery.Sink) (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sinks = append(f.sinks, sink)
	if f.last != nil && f.last.Saved.IsZero() {
		sink.Update(*f.last)
	}
	if f.err != nil {
		sink.Fail(f.err)
	}
	return func() { f.leave(sink) }
}

func (f *feed) leave(sink discovery.Sink) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, other := range f.sinks {
		if other == sink {
			f.sinks = append(f.sinks[:i:i], f.sinks[i+1:]...)
			return
		}
	}
}
