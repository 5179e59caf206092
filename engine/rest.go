package engine

import (
	"runtime"
	"runtime/debug"
	"time"
)

// restAfter is how long there must be next to no traffic before memory that
// only traffic needs is given back to the system.
const restAfter = 5 * time.Second

// restBelow is how many requests in that time count as next to none.
const restBelow = 50

// rest gives memory back once after each burst of traffic. A process that is
// idle collects no garbage by itself, and a sidecar is idle most of the time.
func (e *Engine) rest() {
	t := time.NewTicker(restAfter)
	defer t.Stop()
	var before uint64
	rested := false
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-t.C:
		}
		now := e.requests()
		switch busy := now-before >= restBelow; {
		case busy:
			rested = false
		case !rested:
			runtime.GC() // pools keep what they hold through one collection
			debug.FreeOSMemory()
			rested = true
		}
		before = now
	}
}

// requests is how many there have been on all servers.
func (e *Engine) requests() (n uint64) {
	for _, s := range e.current.Load().sites {
		n += uint64(s.Metrics.Requests())
	}
	return n
}
