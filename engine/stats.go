package engine

import (
	"maps"
	"os"
	"runtime"
	"slices"
	"time"
)

// stats is what the stats plugin shows.
func (e *Engine) stats() map[string]any {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = ""
	}
	processing := map[string]int64{}
	for name, n := range e.current.Load().processing {
		processing[name] = n.Load()
	}
	return map[string]any{
		"hostname": hostname, "version": e.options.Version, "generation": e.current.Load().Number,
		"uptime_seconds": int64(time.Since(e.started).Seconds()), "cpus": runtime.NumCPU(), "threads": runtime.GOMAXPROCS(0),
		"goroutines": runtime.NumGoroutine(), "connections": e.dog.Len(), "processing": processing,
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
