// Command resilience lets one of three instances fall ill while clients send
// requests through pingap, nginx and HAProxy, and prints what the clients saw:
// how many requests failed, how long the slowest took, and when the sick instance
// got no more traffic. bench/resilience.sh builds what it needs and starts it.
//
// Instances are processes of their own (this program, called as "resilience
// instance"), so that killing and freezing them is what it says. Each proxy is
// set up as its documentation recommends for this purpose; configs/ has the files.
// Which requests a proxy sends to whom is taken from its own counters, since
// nobody else sees an attempt to reach a dead process: pingap's admin API,
// HAProxy's lbtot, nginx's $upstream_addr.
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
	if len(os.Args) == 3 && os.Args[1] == "instance" {
		fail(serveInstance(os.Args[2]))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := bench{}
	flag.StringVar(&b.pingap, "pingap", "bin/pingap", "the `program` that is compared with the others")
	flag.Float64Var(&b.rate, "rate", 300, "requests a second")
	flag.DurationVar(&b.before, "before", 2*time.Second, "how long all is well")
	flag.DurationVar(&b.after, "after", 10*time.Second, "how long one is ill")
	flag.StringVar(&b.only, "only", "", "play only scenarios with this `word` in their names, or proxies with it in theirs")
	flag.Parse()
	fail(b.run(ctx))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "resilience:", err)
		os.Exit(1)
	}
}

// bench is one run of the program.
type bench struct {
	pingap        string
	rate          float64
	before, after time.Duration
	only          string
}

// wanted reports whether the user asked for this scenario with this proxy.
func (b *bench) wanted(s scenario, p proxy) bool {
	return strings.Contains(s.name+" "+p.name, b.only)
}

// run goes through all scenarios with all proxies and prints the tables.
func (b *bench) run(ctx context.Context) error {
	fmt.Printf("%.0f requests a second; %s well, then %s ill\n\n", b.rate, b.before, b.after)
	fmt.Println("| of three instances | proxy | requests | failed | slowest | no more traffic after | tries at the sick one |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, s := range scenarios() {
		for _, p := range proxies() {
			if !b.wanted(s, p) {
				continue
			}
			f, err := b.story(ctx, s, p)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", p.name, s.name, err)
			}
			fmt.Printf("| %s | %s | %d | %s | %s | %s | %d |\n", s.name, p.name, f.requests, f.failures(), f.slowest.Round(time.Millisecond), f.quiet(), f.tries)
		}
	}
	fmt.Println("\n| all instances answer 503 | requests | tries at the upstream | upstream load / clients' |")
	fmt.Println("|---|---|---|---|")
	for _, p := range proxies() {
		if !b.wanted(storm(), p) {
			continue
		}
		f, err := b.story(ctx, storm(), p)
		if err != nil {
			return fmt.Errorf("%s, storm: %w", p.name, err)
		}
		fmt.Printf("| %s | %d | %d | %.2f |\n", p.name, f.requests, f.served, float64(f.served)/float64(max(f.requests, 1)))
	}
	return nil
}
