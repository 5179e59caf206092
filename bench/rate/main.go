// Command rate sends small GETs at a constant rate and prints how long the
// answers took, for the latency rows of bench/run.sh.
//
//	rate -addr 127.0.0.1:9001 -rate 15000 -connections 64 -duration 4s
//
// Each connection has an operating system thread of its own that makes blocking
// system calls on a blocking socket, and wakes by the kernel's clock for each
// request: with Go's network poller between, its own wake-ups (timers there have
// a grain of a millisecond) would hide what is measured. A request that is late
// because the answer before it was late counts from the moment it was due, so
// that a stall is not measured once but by everyone who would have waited in it;
// a request that is late because this program woke late counts from when it was
// sent. It is for loopback and trusts the server to answer with Content-Length.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// result is printed as one line of JSON. Times are in microseconds.
type result struct {
	Requests int     `json:"requests"`
	Late     float64 `json:"late"` // share of requests that were due before the answer to the last one
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`
	P999     float64 `json:"p999"`
}

func main() {
	var load load
	flag.StringVar(&load.addr, "addr", "127.0.0.1:9001", "`address` of the proxy")
	flag.StringVar(&load.path, "path", "/", "`path` to ask for")
	flag.Float64Var(&load.rate, "rate", 1000, "requests a second, over all connections")
	flag.IntVar(&load.connections, "connections", 64, "`number` of connections")
	duration := flag.Duration("duration", 4*time.Second, "for how long")
	flag.Parse()

	// A thread in a system call gives its P away and wants one when it returns.
	runtime.GOMAXPROCS(load.connections + 2)
	// A run allocates some tens of megabytes; a collection would stall all threads.
	debug.SetGCPercent(-1)
	ctx, cancel := context.WithTimeout(context.Background(), *duration)
	defer cancel()
	samples, late, err := load.run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rate:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(summarise(samples, late)); err != nil {
		fmt.Fprintln(os.Stderr, "rate:", err)
		os.Exit(1)
	}
}

func summarise(samples []time.Duration, late int) result {
	if len(samples) == 0 {
		return result{}
	}
	slices.Sort(samples)
	at := func(share float64) float64 {
		i := min(int(share*float64(len(samples))), len(samples)-1)
		return float64(samples[i]) / float64(time.Microsecond)
	}
	return result{
		Requests: len(samples),
		Late:     float64(late) / float64(len(samples)),
		P50:      at(0.50),
		P99:      at(0.99),
		P999:     at(0.999),
	}
}
