package resources

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Garbage is how many bytes of garbage may pile up between two collections. A
// proxy's live heap is a few megabytes, with which Go's default would collect
// many times a second; where thousands of pools make it large, a multiple of it
// would be too much.
const Garbage = 20 << 20

// The bounds of the percentage in which Go wants it said.
const (
	leastPercent = 30
	mostPercent  = 400
)

// collectorLooks is how often the live heap is looked at.
const collectorLooks = 2 * time.Second

// TuneCollector keeps the collector at Garbage while the live heap grows and
// shrinks, until ctx ends. It leaves alone what GOGC says.
func TuneCollector(ctx context.Context, env Env) {
	if _, set := env("GOGC"); set {
		return
	}
	now := mostPercent
	debug.SetGCPercent(now)
	ticker := time.NewTicker(collectorLooks)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if next := percent(live()); next < now*9/10 || next > now*11/10 {
			debug.SetGCPercent(next)
			now = next
		}
	}
}

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
