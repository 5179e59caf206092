// Command discovery measures what docs/discovery.md promises: it runs the real
// pingap beside a real Consul agent, breaks the agent and changes the catalog,
// and prints one table of what was measured and what was wanted.
//
//	discovery -pingap bin/pingap -consul bin/consul -cert cert.pem -key key.pem [-quick] [ROW...]
//
// bench/discovery.sh builds everything and makes the certificate. Each row of the
// table starts what it needs and ends it, also when it fails or is interrupted.
// Everything listens on loopback. CPU times are the kernel's count of the pingap
// process (utime and stime), so they mean something on a busy machine; waits do
// less so, and are given as minimum, median and maximum or with their p99.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"
)

// bench is what all rows share.
type bench struct {
	pingap, consul string // programs
	cert, key      string // files, for the agent's HTTPS
	dir            string // for everything that is written
	quick          bool
}

// pick is the quick form of an amount, or the full one.
func pick[T any](b *bench, quick, full T) T {
	if b.quick {
		return quick
	}
	return full
}

// row is one experiment.
type row struct {
	name string
	run  func(context.Context, *bench) ([]figure, error)
}

// figure is one line of the table.
type figure struct {
	what, got string
	want      string // "" = told only
	met       bool
}

// told is a figure without a promise.
func told(what, got string) figure { return figure{what: what, got: got, met: true} }

var rows = []row{
	{"many", many},
	{"fresh", fresh},
	{"kills", kills},
	{"frozen", frozen},
	{"swallowed", swallowed},
	{"large", large},
	{"rolling", rolling},
	{"restart", restart},
}

func main() {
	var b bench
	flag.StringVar(&b.pingap, "pingap", "bin/pingap", "`path` of pingap")
	flag.StringVar(&b.consul, "consul", "bin/consul", "`path` of Consul")
	flag.StringVar(&b.cert, "cert", "cert.pem", "certificate `file` for 127.0.0.1")
	flag.StringVar(&b.key, "key", "key.pem", "its key")
	flag.BoolVar(&b.quick, "quick", false, "short forms, under two minutes in all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.runAll(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "discovery:", err)
		stop()
		os.Exit(1)
	}
}

// runAll runs the rows of those names, or all, and prints the table as it grows.
func (b *bench) runAll(ctx context.Context, names []string) (err error) {
	if b.dir, err = os.MkdirTemp("", "bench-discovery-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	missed := 0
	for _, r := range rows {
		if len(names) > 0 && !slices.Contains(names, r.name) {
			continue
		}
		began := time.Now()
		figures, err := r.run(ctx, b)
		for _, f := range figures {
			if !f.met {
				missed++
			}
		}
		if err := show(r.name, time.Since(began), figures); err != nil {
			return err
		}
		if err != nil {
			return fmt.Errorf("row %s: %w", r.name, err)
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d figures were missed", missed)
	}
	return nil
}

func show(name string, took time.Duration, figures []figure) error {
	fmt.Printf("\n%s (%s)\n", name, took.Round(time.Second))
	t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	for _, f := range figures {
		verdict := ""
		switch {
		case f.want == "":
		case f.met:
			verdict = "met"
		default:
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", f.what, f.got, f.want, verdict)
	}
	return t.Flush()
}
