package consul

import (
	"context"
	"math"
	"slices"
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
// Waiting queries are let in in the order of their arrival, those that are answered
// at once before those that wait for news: a thousand watches that begin must not
// stand in line behind those that have begun.
type gate struct {
	bound int // where every query needs a connection of its own

	mu      sync.Mutex
	limit   int
	inside  int
	urgent  line
	waiting line
}

// line are the turns of those that wait, bounded by the number of watches.
type line []chan struct{}

// leave takes a turn out and reports whether it was there.
func (l *line) leave(turn chan struct{}) bool {
	i := slices.Index(*l, turn)
	if i >= 0 {
		*l = slices.Delete(*l, i, i+1)
	}
	return i >= 0
}

func newGate(scheme string, bound int) *gate {
	g := &gate{bound: bound, limit: bound}
	if scheme == "https" {
		g.limit = 1
	}
	return g
}

// enter waits for a place, urgent ones before the others; every nil is followed by
// one leave.
func (g *gate) enter(ctx context.Context, urgent bool) error {
	g.mu.Lock()
	if g.inside < g.limit {
		g.inside++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	if urgent {
		g.urgent = append(g.urgent, turn)
	} else {
		g.waiting = append(g.waiting, turn)
	}
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
	if g.urgent.leave(turn) || g.waiting.leave(turn) {
		return
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
	for g.inside < g.limit {
		next := &g.urgent
		if len(*next) == 0 {
			next = &g.waiting
		}
		if len(*next) == 0 {
			return
		}
		close((*next)[0])
		*next = (*next)[1:]
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
