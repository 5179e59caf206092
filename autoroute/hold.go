package autoroute

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// A service whose last instance goes has no tags any more. Its routes may stay
// for a while, with nobody to serve them: requests are answered 503, and do not
// end up at a broader route that was never meant for them.

// holds reports whether a service without instances keeps its routes for now, and
// notes since when it has none.
func (w *Watcher) holds(name string, s *watch) bool {
	if w.options.Hold <= 0 || !w.book.Has(name) {
		return false
	}
	if s.emptied.IsZero() {
		s.emptied = time.Now()
		w.options.Log.Warn("no instance is left, the routes answer 503", "service", name, "for", w.options.Hold)
	}
	return time.Since(s.emptied) < w.options.Hold
}

// release lets go of the routes that were held long enough, and sets the clock for
// the next ones.
func (w *Watcher) release(changed map[string]bool) {
	var next time.Duration
	for name, s := range w.watches {
		if s.emptied.IsZero() {
			continue
		}
		left := w.options.Hold - time.Since(s.emptied)
		switch {
		case left > 0:
			if next == 0 || left < next {
				next = left
			}
		case w.listed[name]: // it may come back at any moment
			s.emptied = time.Time{}
			note(changed, w.book.Remove(name))
		default:
			w.drop(name, changed)
		}
	}
	if next > 0 {
		w.due.Reset(next)
	}
}

// held lists the services whose routes are held.
func (w *Watcher) held() []Problem {
	var list []Problem
	for _, name := range slices.Sorted(maps.Keys(w.watches)) {
		if s := w.watches[name]; !s.emptied.IsZero() {
			until := s.emptied.Add(w.options.Hold).Format(time.TimeOnly)
			list = append(list, Problem{Service: name, Reason: fmt.Sprintf("no instance is left: the routes answer 503 until %s, and then they go", until)})
		}
	}
	return list
}
