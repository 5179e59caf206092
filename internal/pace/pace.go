// Package pace lets long work take turns with requests.
//
// Where Go has one thread, whatever runs for long keeps every request waiting:
// the scheduler preempts it after ten milliseconds, but finds it again before it
// asks the network who is ready, and so does runtime.Gosched. Only when all
// goroutines that could run have parked does it ask. So long work parks, for a
// moment and often:
//
//	var p pace.Pace
//	p.Begin()
//	for i := range thousands {
//		work(i)
//		p.Rest()
//	}
package pace

import (
	"time"

	"pingap-go/internal/mono"
)

const (
	// turn is for how long work runs between two rests.
	turn = 250 * time.Microsecond
	// rest is how long it parks: long enough for all who are ready to run, so that
	// the network is asked. Its timer wakes it ahead of them.
	rest = time.Millisecond
)

// Pace is one goroutine's long work. The zero Pace has had its turn: its first
// Rest is one.
type Pace struct {
	began int64
	timer *time.Timer
}

// Begin says that the work begins, or goes on after a wait.
func (p *Pace) Begin() { p.began = mono.Now() }

// Rest parks the goroutine for a moment if its turn is over.
func (p *Pace) Rest() {
	if mono.Since(p.began) >= turn {
		p.Pause()
	}
}

// Pause parks the goroutine for a moment. It is for those who know that their work
// has another goroutine run for long.
func (p *Pace) Pause() {
	if p.timer == nil {
		p.timer = time.NewTimer(rest)
	} else {
		p.timer.Reset(rest)
	}
	<-p.timer.C
	p.Begin()
}
