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
}

// extend gives the next step at least the stall time.
func (d *deadline) extend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := mono.Now()
	if d.stall <= 0 || d.until != 0 && d.until-now >= int64(d.stall) {
		return
	}
	most := d.stall + d.stall/2
	d.until = now + int64(most)
	_ = d.move(time.Now().Add(most)) // streams of HTTP/2 have deadlines
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
