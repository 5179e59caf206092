// Command compare runs pingap beside nginx, HAProxy, Caddy and a proxy made of
// Go's standard library, and prints what each costs as ratios. bench/run.sh
// builds and installs all that and starts it; see there for how to call it.
//
// An absolute time from one machine says nothing about another, and on a shared
// machine not even about the next minute. So every figure is taken in pairs: all
// proxies of a row are measured in turn, A B C, then C B A, as often as -pairs
// says, and the table gives the lowest, middle and highest ratio of the pairs.
// CPU is what the proxy's processes used (user and system time of the process
// group, from the kernel's accounts) over the requests that were answered; what
// the load generator and the upstream use does not count.
//
// rows.go is the list of what is measured, configs/ is how each proxy is set up.
// Before a row is measured, every proxy must give the same answers (check.go).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := compare(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func compare(ctx context.Context) error {
	b := &bench{}
	list := flag.Bool("list", false, "say which rows there are")
	flag.StringVar(&b.bin, "bin", "bin", "`directory` of the programs built for this")
	flag.StringVar(&b.subject, "subject", "pingap", "which `proxy` is compared with the others")
	flag.IntVar(&b.pairs, "pairs", 5, "how many `times` each proxy is measured")
	flag.DurationVar(&b.each, "each", 3*time.Second, "how long one measurement takes")
	limit := flag.Duration("limit", 30*time.Minute, "when to give up")
	page := flag.String("page", "", "write the table into this Markdown `file`; only with all rows")
	flag.Parse()

	rows, err := chooseRows(flag.Args())
	if err != nil {
		return err
	}
	if *list {
		for _, r := range rows {
			fmt.Printf("%-16s %s\n", r.name, r.what)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if err := b.open(ctx); err != nil {
		return err
	}
	defer b.close()
	figures, err := b.measure(ctx, rows)
	if err != nil {
		return err
	}
	table := renderTable(figures) + renderNotes(b.notes)
	fmt.Println()
	fmt.Println(table)
	if *page == "" || flag.NArg() > 0 {
		return nil
	}
	return writePage(*page, b.describe(ctx), table)
}

// measure goes through the rows, with a line to stderr for each.
func (b *bench) measure(ctx context.Context, rows []row) ([]figure, error) {
	var all []figure
	for _, r := range rows {
		fmt.Fprintf(os.Stderr, "%s: %s\n", r.name, r.what)
		started, noted := time.Now(), len(b.notes)
		figures, err := r.measure(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("row %s: %w", r.name, err)
		}
		for i := range figures {
			figures[i].row = r.name
		}
		fmt.Fprintln(os.Stderr, indent(renderTable(figures)+renderNotes(b.notes[noted:])))
		fmt.Fprintf(os.Stderr, "    %.0f s\n", time.Since(started).Seconds())
		all = append(all, figures...)
	}
	return all, nil
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}
