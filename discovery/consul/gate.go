package consul

import (
	"context"
	"math"
	"sync"
)

// gate bounds how many queries are under way at once. A blocking query occupies
// a whole connection of plain HTTP for minutes, and the agent allows 200 a
// client address; over HTTP/2 they share one connection and need no bound.
//
// What the agent speaks shows with its first answer. Until then plain HTTP gets
// its full share, and TLS one query at a time, because a burst of queries would
// dial as many connections before the first of them turns out to be enough.
//
// Waiting queries are let in in the order of their arrival.
type gate struct {
	bound int // where every query needs a connection of its own

	mu      sync.Mutex
	limit   int
	inside  int
	waiting []chan struct{} // bounded by the number of watches
}

func newGate(scheme string, bound int) *gate {
	g := &gate{bound: bound, limit: bound}
	if scheme == "https" {
		g.limit = 1
	}
	return g
}

// enter waits for a place; every nil is followed by one leave.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	if g.inside < g.limit {
		g.inside++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		g.abandon(turn)
		return context.Cause(ctx)
	}
}

// abandon takes back a turn that nobody waits for any more.
func (g *gate) abandon(turn chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range g.waiting {
		if other == turn {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return
		}
	}
	g.inside--
	g.admit()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.admit()
}

// admit lets in as many as there is room for; g.mu is held.
func (g *gate) admit() {
	for len(g.waiting) > 0 && g.inside < g.limit {
		close(g.waiting[0])
		g.waiting = g.waiting[1:]
		g.inside++
	}
}

// learn sets the limit from the HTTP version of an answer.
func (g *gate) learn(protoMajor int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limit = g.bound
	if protoMajor >= 2 {
		g.limit = math.MaxInt
	}
	g.admit()
}

// places is how many queries may be under way at once.
func (g *gate) places() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limit
}
