package engine

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// eager is how far a small heap may grow before garbage is collected, in
	// percent of what is live: that of a proxy is a few megabytes, so that Go's
	// default of 100 would collect many times a second.
	eager = 400
	// room bounds the garbage that may lie about beyond that, in bytes. What is
	// live grows with the number of services that are followed, and four times
	// of it would be memory for nothing.
	room = 12 << 20
	// busy is how many requests a second are worth memory: with them, garbage
	// comes so fast that eager holds whatever is live.
	busy = 1000
)

// collector tunes how often this process collects garbage, after each time that
// it has done so: the process's own memory is nearly all that a sidecar costs.
type collector struct {
	ctx      context.Context // tuning ends with it
	requests func() uint64   // so far
	before   uint64
	last     time.Time
	percent  int
}

// start tunes until ctx ends.
func (c *collector) start() {
	c.last, c.percent = time.Now(), eager
	debug.SetGCPercent(eager)
	c.arm()
}

// arm leaves a piece of garbage that tells when it is collected.
func (c *collector) arm() {
	runtime.AddCleanup(&struct{ c *collector }{c}, (*collector).collected, c)
}

// collected runs on the runtime's goroutine after each collection.
func (c *collector) collected() {
	if c.ctx.Err() != nil {
		return
	}
	now, requests := time.Now(), c.requests()
	rate := float64(requests-c.before) / now.Sub(c.last).Seconds()
	c.before, c.last = requests, now
	if p := collectAt(live(), rate >= busy); p != c.percent {
		c.percent = p
		debug.SetGCPercent(p)
	}
	c.arm()
}

// collectAt is how far the heap may grow, in percent of what is live.
func collectAt(live uint64, busy bool) int {
	if busy || live == 0 {
		return eager
	}
	return int(min(eager, room*100/live))
}

// live is what Go bases the next collection on: the heap that the last one has
// left, stacks and globals.
func live() (bytes uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			bytes += s.Value.Uint64()
		}
	}
	return bytes
}
