package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set at link time: -ldflags "-X main.version=1.2.3".
var version = "dev"

// commit is the revision that the Go tool has stamped into the binary.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}

func runVersion(args []string, std streams) error {
	if err := parse(flags("version", std), args); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "pingap %s (commit %s, %s)\n", version, commit(), runtime.Version())
	return nil
}
