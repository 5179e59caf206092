package autoroute

import (
	"context"
	"errors"
	"time"

	"pingap-go/endpoint"
)

// What a proxy knows of the routed services is kept for the next one: it begins
// while the registry is away with the routes and instances of before, and not
// with none.

const (
	// restoreAfter is how long the first answers may take before what was saved is
	// served from. A registry that answers with an error ends the wait at once.
	restoreAfter = 300 * time.Millisecond
	// between is how long the disk has rest after each time that all is saved.
	between = 10 * time.Second
	// again is how often all is saved although no instance has changed: the times
	// in the file tell a restart how old its knowledge is.
	again = 5 * time.Minute
)

var errLate = errors.New("the catalog has not answered yet")

// restore puts in force what was saved: of all services while their names are
// not known, of those that have not answered yet otherwise.
func (w *Watcher) restore(err error) {
	if w.options.Saved != nil && w.options.Parser.Datacenter == "" && w.options.SavedDatacenter != "" {
		w.setDatacenter(w.options.SavedDatacenter)
	}
	for name, saved := range w.options.Saved {
		if w.watches[name] == nil && w.wanted(name, tagsOf(saved)) {
			w.add(name)
		}
	}
	if n := len(w.options.Saved); n > 0 {
		w.options.Log.Warn("automatic routes are those of an earlier run", "services", n, "err", err)
	}
	w.options.Saved, w.restored = nil, true
	for _, s := range w.watches {
		s.feed.late(err)
	}
}

// tagsOf are the tags of all instances.
func tagsOf(s endpoint.Snapshot) (tags []string) {
	for i := range s.Endpoints {
		tags = append(tags, s.Endpoints[i].Tags...)
	}
	return tags
}

// Restored is a service's membership while it is one that was saved and the
// registry has not answered yet: a pool's seed. It is nil otherwise.
func (w *Watcher) Restored(service string) *endpoint.Snapshot {
	w.mu.Lock()
	f := w.feeds[service]
	w.mu.Unlock()
	if f == nil {
		return nil
	}
	return f.restored()
}

// remember notes that there is something new to save.
func (w *Watcher) remember() {
	select {
	case w.unsaved <- struct{}{}:
	default:
	}
}

// keep saves until ctx ends, and then what was not saved yet.
func (w *Watcher) keep(ctx context.Context) {
	refresh := time.NewTicker(again)
	defer refresh.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		select {
		case <-rest.C:
		case <-ctx.Done():
			w.saveLast()
			return
		}
		select {
		case <-w.unsaved:
		case <-refresh.C:
		case <-ctx.Done():
			w.saveLast()
			return
		}
		w.save()
		rest.Reset(between)
	}
}

// saveLast saves what was still waiting.
func (w *Watcher) saveLast() {
	select {
	case <-w.unsaved:
		w.save()
	default:
	}
}

// save writes what is known of all routed services. When nothing is, what was
// written before stays: an empty catalog is more often an accident than not.
func (w *Watcher) save() {
	w.mu.Lock()
	all := make(map[string]endpoint.Snapshot, len(w.feeds))
	for name, f := range w.feeds {
		if s, ok := f.memory(); ok {
			all[name] = s
		}
	}
	datacenter := w.datacenter
	w.mu.Unlock()
	if len(all) == 0 {
		return
	}
	if err := w.options.Save(datacenter, all); err != nil {
		w.options.Log.Warn("automatic routes were not saved", "err", err)
	}
}
