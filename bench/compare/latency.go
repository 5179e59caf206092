package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A latency turn is short, and there are many: where the kernel puts the threads
// of client, proxy and upstream is drawn anew with each, and moves p99 tenfold. A
// long turn is one draw as well.
const (
	latencyTurn   = 200 * time.Millisecond // that counts
	latencyWarmup = 100 * time.Millisecond // before it: connecting, caches
	// lateShare of the requests sent late by the client's own fault make a late
	// turn: as much as p99 leaves out.
	lateShare = 0.01
)

// latency is what the rate command prints; times in microseconds.
type latency struct {
	P50, P99 float64
	Late     float64 // share of requests that the client sent late by its own fault
}

// constantRate compares latency at half of the rate at which the slowest of the
// proxies has no CPU left.
func constantRate(peers []string, connections int, highest float64) func(context.Context, *bench) ([]figure, error) {
	return func(ctx context.Context, b *bench) ([]figure, error) {
		names := append([]string{b.subject}, without(peers, b.subject)...)
		started, err := b.start(ctx, names, shape{})
		if err != nil {
			return nil, err
		}
		defer stopAll(started)
		full := loadSpec{path: smallPath, connections: connections}
		if err := sameAnswers(ctx, started, full); err != nil {
			return nil, err
		}
		slowest, saturation, err := b.slowest(ctx, started, full)
		if err != nil {
			return nil, err
		}
		seen, err := inTurn(latencyTurns(b.pairs, b.each), len(started), func(i int) (latency, error) {
			return b.atRate(ctx, started[i], full, saturation/2)
		})
		if err != nil {
			return nil, err
		}
		figures := latencyFigures(names, seen, highest)
		b.notes = append(b.notes, fmt.Sprintf("latency: %.0f requests/s, half of what %s did at full load. %s %s",
			saturation/2, slowest, lateTurns(names, seen), likely(figures)))
		return figures, nil
	}
}

// latencyTurns is how many short turns take the place of so many pairs.
func latencyTurns(pairs int, each time.Duration) int {
	return pairs * max(1, int(each/latencyTurn))
}

// latencyFigures sets the subject, which is the first, beside each of the others.
func latencyFigures(names []string, seen [][]latency, highest float64) []figure {
	var p50s, p99s []figure
	for i, peer := range names[1:] {
		p50 := figure{quantity: "p50 µs", peer: peer, goal: atMost(highest)}
		p99 := figure{quantity: "p99 µs", peer: peer, goal: atMost(highest)}
		for turn, ours := range seen[0] {
			theirs := seen[i+1][turn]
			p50.add(ours.P50, theirs.P50)
			p99.add(ours.P99, theirs.P99)
		}
		p50s, p99s = append(p50s, p50), append(p99s, p99)
	}
	return append(p50s, p99s...)
}

// lateTurns says how many turns of each proxy the client was late in. They stay
// in the figures: a proxy that takes the cores makes the client late too, and
// would hide its worst turns behind that.
func lateTurns(names []string, seen [][]latency) string {
	counts := make([]string, len(names))
	for i, name := range names {
		late := 0
		for _, one := range seen[i] {
			if one.Late > lateShare {
				late++
			}
		}
		counts[i] = fmt.Sprintf("%d with %s", late, name)
	}
	return fmt.Sprintf("Turns of %s: %d a proxy; in which the client was late: %s.",
		latencyTurn, len(seen[0]), strings.Join(counts, ", "))
}

// likely says how far the median of each figure can be trusted.
func likely(figures []figure) string {
	ranges := make([]string, len(figures))
	for i, f := range figures {
		low, high := medianRange(f.ratios())
		ranges[i] = fmt.Sprintf("%s beside %s %.2f to %.2f", f.quantity, f.peer, low, high)
	}
	return "With 95% likelihood the median lies within: " + strings.Join(ranges, ", ") + "."
}

// slowest is the proxy with the lowest throughput under full load, and that.
func (b *bench) slowest(ctx context.Context, started []*proxy, l loadSpec) (name string, perSecond float64, err error) {
	for _, p := range started {
		r, err := b.load(ctx, p, l, b.each)
		if err != nil {
			return "", 0, err
		}
		if name == "" || r.perSecond < perSecond {
			name, perSecond = p.name, r.perSecond
		}
	}
	return name, perSecond, nil
}

// atRate is one turn of one proxy.
func (b *bench) atRate(ctx context.Context, p *proxy, l loadSpec, perSecond float64) (latency, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "rate"), "-addr", p.addr, "-path", l.path,
		"-rate", fmt.Sprintf("%.0f", perSecond), "-connections", strconv.Itoa(l.connections),
		"-warmup", latencyWarmup.String(), "-duration", latencyTurn.String())
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return latency{}, fmt.Errorf("rate against %s: %w: %s", p.name, err, stderr.String())
	}
	var seen latency
	return seen, json.Unmarshal(output, &seen)
}
