// Command upstream is the server behind every proxy that bench/run.sh compares:
// the cheapest that answers what the rows ask for, so that the proxies and not
// the upstream decide what a row shows.
//
//	upstream -addr 127.0.0.1:9000
//
// It answers every path with a canned response made at start-up: /bytes/N has N
// bytes, /headers gives back the request's head as it arrived, a request with an
// Upgrade field becomes an echo tunnel, anything else answers "ok\n". Request
// bodies are read and thrown away. It trusts its clients, which are the proxies
// of the benchmark, to send well-formed requests; it is no server for others.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9000", "`address` to listen on; 0.0.0.0 serves all of 127.0.0.0/8")
	flag.Parse()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
		os.Exit(1)
	}
	answers := newAnswers()
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal("upstream: accept: ", err)
		}
		go serve(client, answers)
	}
}
