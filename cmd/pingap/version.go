package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and revision are set at link time: -ldflags "-X main.version=1.2.3".
// Without revision the one counts that the Go tool has stamped into the binary.
var version, revision = "dev", ""

// commit is the revision of the sources, "unknown" when nothing says it.
func commit() string {
	if revision != "" {
		return revision
	}
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
