package main

import (
	"context"
	"slices"
	"time"
)

// loadSpec is a closed-loop row: every connection asks again as soon as it has
// its answer.
type loadSpec struct {
	path        string
	body        int // POST with so many bytes; 0 is a GET
	connections int
	peers       []string
	goal        float64 // of CPU per request, beside nginx and HAProxy
	goGoal      float64 // of CPU per request, beside the proxies written in Go
	throughput  bool    // throughput must be at least theirs
	tls         bool
}

// run is what one measurement of one proxy gave.
type run struct {
	requests  int
	perSecond float64
	cpu       time.Duration
}

func (r run) cpuPerRequest() float64 {
	return float64(r.cpu) / float64(time.Microsecond) / float64(r.requests)
}

// closedLoop measures CPU per request and throughput.
func closedLoop(l loadSpec) func(context.Context, *bench) ([]figure, error) {
	return func(ctx context.Context, b *bench) ([]figure, error) {
		names := append([]string{b.subject}, without(l.peers, b.subject)...)
		runs, err := b.closedLoops(ctx, func() ([]*proxy, error) { return b.start(ctx, names, shape{tls: l.tls}) }, l, b.pairs)
		if err != nil {
			return nil, err
		}
		return l.figures(names, runs), nil
	}
}

func without(names []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == one })
}

// closedLoops measures the proxies that start starts under full load. The answer is
// by proxy. They are started anew for each pair: where a process comes to lie, in memory
// and on the cores, is drawn at its start and moves its figures by some percent.
func (b *bench) closedLoops(ctx context.Context, start func() ([]*proxy, error), l loadSpec, pairs int) (all [][]run, err error) {
	for pair := range pairs {
		runs, err := b.measurePair(ctx, start, l, pair)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = make([][]run, len(runs))
		}
		for i := range runs {
			all[i] = append(all[i], runs[i])
		}
	}
	return all, nil
}

// measurePair starts the proxies and measures each once.
func (b *bench) measurePair(ctx context.Context, start func() ([]*proxy, error), l loadSpec, pair int) ([]run, error) {
	started, err := start()
	if err != nil {
		return nil, err
	}
	defer stopAll(started)
	if err := sameAnswers(ctx, started, l); err != nil {
		return nil, err
	}
	for _, p := range started { // connections, caches, heaps
		if _, err := b.load(ctx, p, l, b.each/3); err != nil {
			return nil, err
		}
	}
	runs := make([]run, len(started))
	for _, i := range turn(pair, len(started)) {
		if runs[i], err = b.load(ctx, started[i], l, b.each); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// inTurn measures n proxies one after the other, forwards and backwards in turn,
// so that none always follows the same one. The answer is by proxy.
func inTurn[T any](pairs, n int, measure func(proxy int) (T, error)) ([][]T, error) {
	seen := make([][]T, n)
	for pair := range pairs {
		for _, i := range turn(pair, n) {
			one, err := measure(i)
			if err != nil {
				return nil, err
			}
			seen[i] = append(seen[i], one)
		}
	}
	return seen, nil
}

// turn is the order in which n proxies are measured for a pair.
func turn(pair, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if pair%2 == 1 {
		slices.Reverse(order)
	}
	return order
}

// figures sets the subject, which is the first, beside each of the others.
func (l loadSpec) figures(names []string, runs [][]run) []figure {
	var all []figure
	for i, peer := range names[1:] {
		cpu := figure{quantity: "CPU µs/request", peer: peer}
		rate := figure{quantity: "requests/s", peer: peer}
		switch {
		case slices.Contains(servers, peer):
			cpu.goal = atMost(l.goal)
			if l.throughput {
				rate.goal = atLeast(1)
			}
		case slices.Contains(everybody, peer):
			cpu.goal = atMost(l.goGoal)
		}
		for pair := range runs[0] {
			cpu.add(runs[0][pair].cpuPerRequest(), runs[i+1][pair].cpuPerRequest())
			rate.add(runs[0][pair].perSecond, runs[i+1][pair].perSecond)
		}
		all = append(all, cpu, rate)
	}
	return all
}

func (f *figure) add(ours, theirs float64) {
	f.ours = append(f.ours, ours)
	f.theirs = append(f.theirs, theirs)
}

// startShapes starts the subject once for each shape.
func (b *bench) startShapes(ctx context.Context, shapes ...shape) (started []*proxy, err error) {
	for _, s := range shapes {
		p, err := b.startOne(ctx, b.subject, s)
		if err != nil {
			stopAll(started)
			return nil, err
		}
		started = append(started, p)
	}
	return started, nil
}

// scalePairs is how many pairs there are in the scale rows for one elsewhere: they are
// about a few percent.
const scalePairs = 2

// scaled compares the subject of that shape with the subject of the least one.
func scaled(s shape, highest float64) func(context.Context, *bench) ([]figure, error) {
	return func(ctx context.Context, b *bench) ([]figure, error) {
		l := loadSpec{path: smallPath, connections: 64, goal: highest}
		runs, err := b.closedLoops(ctx, func() ([]*proxy, error) { return b.startShapes(ctx, s, shape{}) }, l, scalePairs*b.pairs)
		if err != nil {
			return nil, err
		}
		figures := l.figures([]string{b.subject, "itself"}, runs)
		figures[0].goal = atMost(highest)
		return figures, nil
	}
}
