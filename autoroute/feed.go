package autoroute

import (
	"sync"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// feed passes what one watch of a service learns on to any number of pools, so
// that a service with several pools (plain and TLS, say) is asked for once.
type feed struct {
	news func() // something was learned; returns at once

	mu    sync.Mutex
	last  *endpoint.Snapshot
	fresh bool // take has not given last away yet
	err   error
	sinks map[discovery.Sink]struct{}
}

var _ discovery.Sink = (*feed)(nil)

// Update implements discovery.Sink. The pools hear of it before the routes are
// made, so that a new route finds its instances.
func (f *feed) Update(s endpoint.Snapshot) {
	f.mu.Lock()
	f.last, f.fresh, f.err = &s, true, nil
	for sink := range f.sinks {
		sink.Update(s)
	}
	f.mu.Unlock()
	f.news()
}

// Fail implements discovery.Sink.
func (f *feed) Fail(err error) {
	f.mu.Lock()
	f.err = err
	for sink := range f.sinks {
		sink.Fail(err)
	}
	f.mu.Unlock()
	f.news()
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

// join tells sink what is known and passes on what comes, until leave is called.
func (f *feed) join(sink discovery.Sink) (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sinks[sink] = struct{}{}
	if f.last != nil {
		sink.Update(*f.last)
	}
	if f.err != nil {
		sink.Fail(f.err)
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.sinks, sink)
	}
}

func newFeed(news func()) *feed {
	return &feed{news: news, sinks: map[discovery.Sink]struct{}{}}
}
