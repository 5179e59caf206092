package main

import (
	"context"
	"debug/buildinfo"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// The page has three parts. Between the first two marks stands what a run
// measured, and is replaced by the next; the rest is written by people.
const (
	measuredBegin = "<!-- measured: begin (bench/run.sh writes from here) -->"
	measuredEnd   = "<!-- measured: end -->"
)

// newPage is what a page is made from when there is none.
//
//go:embed page.md
var newPage string

// writePage puts a run's results into the page, between the marks.
func writePage(name, facts, table string) error {
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		text, err = []byte(newPage), nil
	}
	if err != nil {
		return err
	}
	page, err := replaceMeasured(string(text), facts+"\n"+table)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(page), 0o644)
}

func replaceMeasured(page, measured string) (string, error) {
	before, rest, found := strings.Cut(page, measuredBegin)
	_, after, foundEnd := strings.Cut(rest, measuredEnd)
	if !found || !foundEnd {
		return "", fmt.Errorf("the marks %q and %q are missing", measuredBegin, measuredEnd)
	}
	return before + measuredBegin + "\n\n" + strings.TrimSpace(measured) + "\n\n" + measuredEnd + after, nil
}

// describe says on what the run was made.
func (b *bench) describe(ctx context.Context) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Measured on %s: %d cores (%s), %s of memory, %s, %s.\n",
		time.Now().Format("2 January 2006"), runtime.NumCPU(), procLine("/proc/cpuinfo", "model name"),
		memory(), kernel(ctx), runtime.Version())
	fmt.Fprintf(&out, "Pairs: %d, each measurement %s.\n\n", b.pairs, b.each)
	for _, name := range append([]string{b.subject}, without(everybody, b.subject)...) {
		if version := b.version(ctx, name); version != "" {
			fmt.Fprintf(&out, "- %s: %s\n", name, version)
		}
	}
	return out.String()
}

// version is what a proxy says of itself, or what is written in its binary.
func (b *bench) version(ctx context.Context, name string) string {
	program, err := b.find(proxies[name].program)
	if err != nil {
		return ""
	}
	if proxies[name].version == nil {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return ""
		}
		return strings.Replace(info.Main.Version, "(devel)", "this repository", 1) + ", " + info.GoVersion
	}
	said, _ := exec.CommandContext(ctx, program, proxies[name].version...).CombinedOutput()
	first, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	first, _, _ = strings.Cut(first, " - ") // HAProxy's link
	return first
}

// memory is the machine's, in GB.
func memory() string {
	kb, err := strconv.ParseFloat(strings.TrimSuffix(procLine("/proc/meminfo", "MemTotal"), " kB"), 64)
	if err != nil {
		return "unknown size"
	}
	return fmt.Sprintf("%.0f GB", kb/(1<<20))
}

func kernel(ctx context.Context) string {
	said, err := exec.CommandContext(ctx, "uname", "-sr").Output()
	if err != nil {
		return runtime.GOOS
	}
	return strings.TrimSpace(string(said))
}

// procLine is the value of the first "key : value" line of a /proc file.
func procLine(name, key string) string {
	text, _ := os.ReadFile(name)
	for line := range strings.Lines(string(text)) {
		if field, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(field) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
