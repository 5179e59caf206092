package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// load runs wrk against a proxy and takes the CPU that the proxy used meanwhile.
func (b *bench) load(ctx context.Context, p *proxy, l loadSpec, duration time.Duration) (run, error) {
	before, err := p.cpu()
	if err != nil {
		return run{}, err
	}
	args := []string{"-t1", fmt.Sprintf("-c%d", l.connections), fmt.Sprintf("-d%d", max(1, int(duration.Seconds()))), "--timeout", "20s"}
	if l.body > 0 {
		script, err := b.postScript(l.body)
		if err != nil {
			return run{}, err
		}
		args = append(args, "-s", script)
	}
	output, err := exec.CommandContext(ctx, "wrk", append(args, p.url(l.path))...).CombinedOutput()
	if err != nil {
		return run{}, fmt.Errorf("wrk against %s: %w\n%s", p.name, err, output)
	}
	after, err := p.cpu()
	if err != nil {
		return run{}, err
	}
	r, err := parseWrk(string(output))
	if err != nil {
		return run{}, fmt.Errorf("wrk against %s: %w\n%s", p.name, err, output)
	}
	r.cpu = after - before
	return r, nil
}

// postScript is wrk's way to be told of a body. It has no request function, so
// wrk builds the request once.
func (b *bench) postScript(size int) (string, error) {
	name := filepath.Join(b.dir, fmt.Sprintf("post-%d.lua", size))
	text := fmt.Sprintf("wrk.method = \"POST\"\nwrk.body = string.rep(\"0123456789abcde\\n\", %d)\n", size/16)
	return name, os.WriteFile(name, []byte(text), 0o600)
}

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkRate     = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkFaults   = regexp.MustCompile(`(?m)^\s*(Non-2xx.*|Socket errors.*)$`)
)

// parseWrk reads wrk's report. Any failed request makes the run worthless.
func parseWrk(output string) (run, error) {
	if fault := wrkFaults.FindString(output); fault != "" {
		return run{}, errors.New(strings.TrimSpace(fault))
	}
	requests, rate := wrkRequests.FindStringSubmatch(output), wrkRate.FindStringSubmatch(output)
	if requests == nil || rate == nil {
		return run{}, errors.New("no report")
	}
	count, err := strconv.Atoi(requests[1])
	if err != nil || count == 0 {
		return run{}, errors.New("no requests")
	}
	perSecond, err := strconv.ParseFloat(rate[1], 64)
	return run{requests: count, perSecond: perSecond}, err
}
