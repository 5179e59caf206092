package resources

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Garbage is how many bytes of garbage may pile up between two collections. A
// proxy's live heap is a few megabytes, with which Go's default would collect
// many times a second; where thousands of pools make it large, a multiple of it
// would be too much.
const Garbage = 12 << 20

// The bounds of the percentage in which Go wants it said.
const (
	leastPercent = 30
	mostPercent  = 400
)

// TuneCollector keeps the collector at Garbage while the live heap grows and
// shrinks, until ctx ends: it looks after each collection, since a start with
// hundreds of services is over in a second or two and its peak stays resident. It
// leaves alone what GOGC says.
func TuneCollector(ctx context.Context, env Env) {
	if _, set := env("GOGC"); set {
		return
	}
	now := mostPercent
	debug.SetGCPercent(now)
	collected := make(chan struct{}, 1)
	for {
		runtime.AddCleanup(new(struct{ _ *byte }), tell, collected)
		select {
		case <-ctx.Done():
			return
		case <-collected:
		}
		if next := percent(live()); next < now*9/10 || next > now*11/10 {
			debug.SetGCPercent(next)
			now = next
		}
	}
}

// tell is called when a piece of garbage has been collected, and with it the rest.
func tell(collected chan struct{}) { collected <- struct{}{} }

// percent is Garbage relative to what is live, within the bounds.
func percent(live uint64) int {
	return int(min(max(Garbage*100/max(live, 1), leastPercent), mostPercent))
}

// live is what the last collection has left, and the stacks: what Go's
// percentage is a part of.
func live() uint64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	total := uint64(0)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			total += s.Value.Uint64()
		}
	}
	return total
}
