package autoroute

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"pingap-go/discovery"
)

// watch is one service that is followed.
type watch struct {
	feed *feed
	// watcher asks the registry; nil while the catalog has not answered and the
	// service is known from an earlier run alone.
	watcher discovery.Watcher
	stop    context.CancelFunc
	done    chan struct{}
	// emptied is when the last instance went; zero: there are some, or never were.
	emptied time.Time
}

// end stops asking the registry.
func (s *watch) end() {
	if s.watcher != nil {
		s.stop()
		<-s.done
	}
}

// named takes in the names and tags of all services.
func (w *Watcher) named(tags map[string][]string) {
	w.mu.Lock()
	if w.failed != nil {
		w.options.Log.Info("automatic routes are live", "services", len(tags))
	}
	w.tags, w.failed = tags, nil
	w.mu.Unlock()
	w.poke()
}

// fail takes in that the catalog cannot tell. All routes stay as they are; those
// of an earlier run are in force from now on if it has never told.
func (w *Watcher) fail(err error) {
	w.mu.Lock()
	first := w.failed == nil
	if first {
		w.options.Log.Warn("automatic routes are stale", "err", err)
	}
	w.failed = err
	w.mu.Unlock()
	if first {
		w.poke()
	}
}

// follow makes the watches those of the services that have a route tag.
func (w *Watcher) follow(ctx context.Context, tags map[string][]string, changed map[string]bool) {
	w.learnDatacenter(ctx, tags)
	for name, s := range w.watches {
		list, listed := tags[name]
		switch {
		case w.wanted(name, list):
		case !listed && w.holds(name, s):
		default:
			w.drop(name, changed)
		}
	}
	for name, list := range tags {
		if w.wanted(name, list) {
			w.start(ctx, name)
		}
	}
	w.listed = make(map[string]bool, len(tags))
	for name := range tags {
		w.listed[name] = true
	}
	w.options.Saved = nil // whoever comes from now on is new
}

// wanted reports whether a service is one to look at and has a route tag.
func (w *Watcher) wanted(name string, tags []string) bool {
	chosen := len(w.options.Services) == 0 || slices.ContainsFunc(w.options.Services, func(glob string) bool {
		ok, err := path.Match(glob, name)
		return ok && err == nil
	})
	return chosen && slices.ContainsFunc(tags, w.options.Parser.IsRoute)
}

// learnDatacenter asks for the datacenter when a tag wants to know it.
func (w *Watcher) learnDatacenter(ctx context.Context, tags map[string][]string) {
	if w.options.Parser.Datacenter != "" || !usesVariables(&w.options.Parser, tags) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	name, err := w.options.Datacenter(ctx)
	if err != nil {
		w.options.Log.Warn("tags with $DC are not used", "err", err)
		return
	}
	w.setDatacenter(name)
}

func (w *Watcher) setDatacenter(name string) {
	w.mu.Lock()
	w.datacenter = name
	w.mu.Unlock()
	w.options.Parser.Datacenter = name
	w.book.SetDatacenter(name)
}

func usesVariables(p *Parser, tags map[string][]string) bool {
	for _, list := range tags {
		if slices.ContainsFunc(list, func(tag string) bool { return p.IsRoute(tag) && strings.Contains(tag, "$") }) {
			return true
		}
	}
	return false
}

// start has the registry asked for a service, unless it is already.
func (w *Watcher) start(ctx context.Context, name string) {
	s := w.watches[name]
	if s != nil && s.watcher != nil {
		return
	}
	watcher, err := w.options.Service(name)
	if err != nil {
		w.options.Log.Warn("service cannot be followed", "service", name, "err", err)
		return
	}
	if s == nil {
		s = w.add(name)
	}
	ctx, stop := context.WithCancel(ctx)
	s.watcher, s.stop, s.done = watcher, stop, make(chan struct{})
	w.running.Go(func() {
		defer close(s.done)
		if err := watcher.Watch(ctx, s.feed); err != nil {
			s.feed.Fail(err)
		}
	})
}

// add makes a service one of the watches, with what an earlier run knew of it.
func (w *Watcher) add(name string) *watch {
	s := &watch{feed: &feed{news: w.poke}}
	if saved, ok := w.options.Saved[name]; ok {
		s.feed.saved = &saved
	}
	w.watches[name] = s
	w.mu.Lock()
	w.feeds[name] = s.feed
	w.mu.Unlock()
	return s
}

// drop forgets a service and its routes.
func (w *Watcher) drop(name string, changed map[string]bool) {
	w.watches[name].end()
	delete(w.watches, name)
	w.mu.Lock()
	delete(w.feeds, name)
	w.mu.Unlock()
	note(changed, w.book.Remove(name))
	w.remember()
}
