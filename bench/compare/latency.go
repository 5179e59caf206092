package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
)

// latency is what the rate command prints; times in microseconds.
type latency struct {
	P50, P99 float64
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
		saturation, err := b.slowest(ctx, started, full)
		if err != nil {
			return nil, err
		}
		p50s, p99s := figuresFor(names[1:], "p50 µs", highest), figuresFor(names[1:], "p99 µs", highest)
		for pair := range b.pairs {
			seen := make([]latency, len(started))
			for _, i := range turn(pair, len(started)) {
				if seen[i], err = b.atRate(ctx, started[i], full, saturation/2); err != nil {
					return nil, err
				}
			}
			for i := range names[1:] {
				p50s[i].add(seen[0].P50, seen[i+1].P50)
				p99s[i].add(seen[0].P99, seen[i+1].P99)
			}
		}
		return append(p50s, p99s...), nil
	}
}

func figuresFor(peers []string, quantity string, highest float64) []figure {
	figures := make([]figure, len(peers))
	for i, peer := range peers {
		figures[i] = figure{quantity: quantity, peer: peer, goal: atMost(highest)}
	}
	return figures
}

// slowest is the lowest throughput of the proxies under full load.
func (b *bench) slowest(ctx context.Context, started []*proxy, l loadSpec) (float64, error) {
	lowest := 0.0
	for _, p := range started {
		r, err := b.load(ctx, p, l, b.each)
		if err != nil {
			return 0, err
		}
		if lowest == 0 || r.perSecond < lowest {
			lowest = r.perSecond
		}
	}
	return lowest, nil
}

func (b *bench) atRate(ctx context.Context, p *proxy, l loadSpec, perSecond float64) (latency, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "rate"), "-addr", p.addr, "-path", l.path,
		"-rate", fmt.Sprintf("%.0f", perSecond), "-connections", strconv.Itoa(l.connections), "-duration", b.each.String())
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return latency{}, fmt.Errorf("rate against %s: %w: %s", p.name, err, stderr.String())
	}
	var seen latency
	return seen, json.Unmarshal(output, &seen)
}
