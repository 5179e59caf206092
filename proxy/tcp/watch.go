package tcp

import "time"

// watch is what the watchdog's look at a tunnel remembers.
type watch struct {
	connected int64 // its time at the first look at both connections; 0 = not yet
	moved     int64 // bytes, at the last look
	still     int64 // its time since when nothing has moved
}

// provenAfter is how long a host that says nothing has to keep a connection before
// that speaks for it: many protocols have the client begin.
const provenAfter = time.Second

// tick is the watchdog's look, at its time in milliseconds: has the server drained
// for long enough, has the host shown itself well, and does anything move.
func (t *Tunnel) tick(now int64) {
	if at := t.owner.EndAt.Load(); at > 0 && now >= at {
		t.cut()
		return
	}
	if !t.connected.Load() {
		return
	}
	w := &t.watch
	if w.connected == 0 {
		w.connected, w.still = now, now
	}
	heard := t.out.Moved.Load()
	if (heard > 0 || now-w.connected >= provenAfter.Milliseconds()) && t.proven.CompareAndSwap(false, true) {
		t.lease.Proven()
	}
	if moved := heard + t.in.Moved.Load(); moved != w.moved {
		w.moved, w.still = moved, now
	}
	if idle := t.relay.IdleTimeout; idle > 0 && now-w.still >= idle.Milliseconds() {
		t.cut()
	}
}
