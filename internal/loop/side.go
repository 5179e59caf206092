package loop

import "sync/atomic"

// side is one direction of a socket. At it stands nobody, as long as nothing has
// happened; ready, when it has become ready and nobody has looked; or who waits. Its
// loop fires; one goroutine at a time arms; anybody may withdraw who waits.
type side struct {
	at    atomic.Pointer[waiter]
	ready waiter // stands where a waiter would
}

// fire notes that the socket has become ready, and takes who waits for that.
func (d *side) fire() *waiter {
	for {
		w := d.at.Load()
		switch {
		case w == &d.ready:
			return nil
		case w == nil:
			if d.at.CompareAndSwap(nil, &d.ready) {
				return nil
			}
		case d.at.CompareAndSwap(w, nil):
			return w
		}
	}
}

// arm has w wait. It reports false, and w does not wait, when the socket has become
// ready since the last look; this is the look.
func (d *side) arm(w *waiter) bool {
	if d.at.CompareAndSwap(nil, w) {
		return true
	}
	d.at.Store(nil)
	return false
}

// look reports whether the socket has become ready since the last look.
func (d *side) look() bool {
	if d.at.Load() != &d.ready {
		return false
	}
	d.at.Store(nil)
	return true
}

// withdraw takes w away again, unless somebody else has: he wakes it.
func (d *side) withdraw(w *waiter) bool { return d.at.CompareAndSwap(w, nil) }

// take takes away who waits, if anybody does.
func (d *side) take() *waiter {
	for {
		w := d.at.Load()
		if w == nil || w == &d.ready {
			return nil
		}
		if d.at.CompareAndSwap(w, nil) {
			return w
		}
	}
}
