// Command rate sends small GETs at a constant rate and prints how long the
// answers took, for the latency rows of bench/run.sh.
//
//	rate -addr 127.0.0.1:9001 -rate 15000 -connections 64 -warmup 150ms -duration 4s
//
// Each connection has an operating system thread of its own that makes blocking
// system calls on a blocking socket, and wakes by the kernel's clock for each
// request: with Go's network poller between, its own wake-ups (timers there have
// a grain of a millisecond) would hide what is measured. A request that is late
// because the answer before it was late counts from the moment it was due, so
// that a stall is not measured once but by everyone who would have waited in it;
// a request that is late because this program woke late counts from when it was
// sent, and more than a millisecond of that is told ("late"), because requests
// that should be spread out then go out together. It is for loopback and trusts
// the server to answer with Content-Length.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

func main() {
	var load load
	flag.StringVar(&load.addr, "addr", "127.0.0.1:9001", "`address` of the proxy")
	flag.StringVar(&load.path, "path", "/", "`path` to ask for")
	flag.Float64Var(&load.rate, "rate", 1000, "requests a second, over all connections")
	flag.IntVar(&load.connections, "connections", 64, "`number` of connections")
	flag.DurationVar(&load.warmup, "warmup", 0, "for how long requests are sent before any counts")
	flag.DurationVar(&load.duration, "duration", 4*time.Second, "for how long requests count, after the warm-up")
	flag.Parse()

	// A thread in a system call gives its P away and wants one when it returns.
	runtime.GOMAXPROCS(load.connections + 2)
	// A run allocates some tens of megabytes; a collection would stall all threads.
	debug.SetGCPercent(-1)
	seen := load.run()
	if seen.err != nil {
		fmt.Fprintln(os.Stderr, "rate:", seen.err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(seen.result()); err != nil {
		fmt.Fprintln(os.Stderr, "rate:", err)
		os.Exit(1)
	}
}
