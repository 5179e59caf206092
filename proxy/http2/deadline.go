package http2

import (
	"sync"
	"time"

	"pingap-go/internal/mono"
)

// deadline is a time limit on one direction of a stream. It is moved only when a
// third of it has passed, since moving it costs a message to the goroutine of the
// connection.
type deadline struct {
	move func(time.Time) error

	mu    sync.Mutex
	stall time.Duration
	until int64 // mono time; 0 = not set
	end   int64 // mono time that no step goes beyond; 0 = none
}

// extend gives the next step at least the stall time.
func (d *deadline) extend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := mono.Now()
	if d.stall <= 0 || d.until != 0 && d.until-now >= int64(d.stall) {
		return
	}
	until := now + int64(d.stall+d.stall/2)
	if d.end != 0 {
		until = min(until, d.end)
	}
	if until != d.until {
		d.until = until
		_ = d.move(time.Now().Add(time.Duration(until - now))) // streams of HTTP/2 have deadlines
	}
}

// endBy sets the mono time that no step goes beyond; 0 = none.
func (d *deadline) endBy(end int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.end, d.until = end, 0
}

// limit sets the stall time; 0 takes the limit away.
func (d *deadline) limit(stall time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stall = stall
	if stall == 0 && d.until != 0 {
		d.until = 0
		_ = d.move(time.Time{}) // as above
	}
}
