package loop

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// Group is the loops of a process. A nil Group has none.
type Group struct {
	loops   []*Loop
	used    atomic.Int32 // how many of them get new connections
	sockets table
	closed  atomic.Bool
	running sync.WaitGroup // loops
	beside  sync.WaitGroup // tasks that have left theirs
	next    atomic.Uint32
}

// ErrNone is why there are no loops.
var ErrNone = errors.New("no loops")

// New starts n loops, which run until Close. It fails with ErrNone where there can be
// none: not on Linux, or where Go runs one thread only, which a loop would keep.
func New(n int) (*Group, error) {
	if n < 1 || runtime.GOMAXPROCS(0) == 1 {
		return nil, ErrNone
	}
	g := &Group{}
	for i := range n {
		p, err := newPoller()
		if err != nil {
			for _, l := range g.loops {
				l.poll.close()
			}
			return nil, err
		}
		g.loops = append(g.loops, &Loop{index: i, group: g, poll: p})
	}
	g.Use(n)
	for _, l := range g.loops {
		g.running.Go(l.run)
	}
	return g, nil
}

// Use has the first n loops get the connections to come, all that there are at most.
// What is on others stays there.
func (g *Group) Use(n int) {
	if g != nil {
		g.used.Store(int32(min(max(n, 1), len(g.loops))))
	}
}

// Least is a loop that watches no more sockets than any other; nil without loops. Any
// goroutine may call it.
func (g *Group) Least() *Loop {
	if g == nil {
		return nil
	}
	used := g.loops[:g.used.Load()]
	first := int(g.next.Add(1) % uint32(len(used)))
	least := used[first]
	for i := range used {
		if l := used[(first+i)%len(used)]; l.sockets.Load() < least.sockets.Load() {
			least = l
		}
	}
	return least
}

// Close ends the loops once their tasks that have left are done. What still waits on a
// loop waits for ever: whoever has jobs there ends them before.
func (g *Group) Close() {
	if g == nil {
		return
	}
	g.beside.Wait()
	g.closed.Store(true)
	for _, l := range g.loops {
		l.call()
	}
	g.running.Wait()
	for _, l := range g.loops {
		l.poll.close() // now that nobody rings any more
	}
}
