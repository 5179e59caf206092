// Command balance prints what the balancing policies are worth, in a simulation
// with the real pickers and a virtual clock. The same seed gives the same
// figures on every machine:
//
//	go run ./bench/balance
//
// It prints the tables of docs/balancing.md. What a pick costs is another
// question, answered by bench/pick.sh; how real servers behave behind real
// sockets is up to the other benchmarks.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := report(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "balance simulation:", err)
		os.Exit(1)
	}
}

func report(w io.Writer) error {
	for _, part := range []struct {
		title string
		print func(io.Writer) error
	}{
		{"Ten hosts of 5 ms, one of them 100 times slower", reportSlow},
		{"Ten hosts of 5 ms, one fails nine in ten requests within 1 ms", reportFailing},
		{"Hashing: one host leaves", reportMoved},
		{"Hashing: hot keys, 100 requests a host under way", reportFullest},
	} {
		fmt.Fprintf(w, "\n%s\n\n", part.title)
		if err := part.print(w); err != nil {
			return fmt.Errorf("%s: %w", part.title, err)
		}
	}
	return nil
}
