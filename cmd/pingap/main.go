// Command pingap is a sidecar proxy for Consul and Nomad: it routes to what the
// catalog or DNS SRV says is there, live.
//
//	pingap -config pingap.toml     run the proxy (also: pingap run -config ...)
//	pingap dev                     a playground on loopback: registry, instances, proxy
//	pingap validate -config PATH   check a configuration, all mistakes at once
//	pingap routes | status         what a running pingap routes, and to whom
//	pingap wait -url URL           wait until URL answers 2xx
//	pingap version
//
// Flags take one dash or two. Exit status: 0 done, 1 failed, 2 wrong usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"pingap-go/config"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// command is one subcommand.
type command struct {
	name    string
	summary string
	run     func(args []string, std streams) error
}

// streams are the program's standard streams, so that tests can stand in.
type streams struct {
	out, err io.Writer
}

// errUsage ends a command whose usage was already explained.
var errUsage = errors.New("usage")

func commands() []command {
	return []command{
		{"run", "run the proxy (the default)", runProxy},
		{"dev", "run a playground: DNS registry, three instances, the proxy", runDev},
		{"validate", "check a configuration", runValidate},
		{"routes", "show the routes of a running pingap, in the order of matching", runRoutes},
		{"status", "show the pools of a running pingap, and why each endpoint is in or out", runStatus},
		{"wait", "wait until a URL answers 2xx", runWait},
		{"version", "show the version", runVersion},
	}
}

func main() {
	os.Exit(dispatch(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// dispatch runs the subcommand that args name; without one it is "run".
func dispatch(args []string, std streams) int {
	name, args := named(args)
	if name == "help" {
		usage(std.out)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == name {
			return exitStatus(c.run(args, std), std)
		}
	}
	fmt.Fprintf(std.err, "pingap: unknown command %q\n\n", name)
	usage(std.err)
	return exitUsage
}

// named splits the name of the command off. What other programs take as flags,
// such as --version, is known here too.
func named(args []string) (name string, rest []string) {
	if len(args) == 0 {
		return "run", nil
	}
	switch args[0] {
	case "-h", "-help", "--help":
		return "help", args[1:]
	case "-v", "-version", "--version":
		return "version", args[1:]
	}
	if strings.HasPrefix(args[0], "-") {
		return "run", args
	}
	return args[0], args[1:]
}

func exitStatus(err error, std streams) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	}
	if problems, ok := errors.AsType[config.Problems](err); ok { // lines that begin with their place, for editors
		fmt.Fprintln(std.err, problems)
		return exitFailure
	}
	fmt.Fprintln(std.err, "pingap:", err)
	return exitFailure
}

func usage(w io.Writer) {
	fmt.Fprint(w, "pingap is a sidecar proxy for Consul and Nomad.\n\nusage: pingap -config PATH\n       pingap COMMAND [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n\"pingap COMMAND -h\" shows a command's flags.\n")
}

// flags makes a command's flag set; what is wrong with the arguments is told by
// parse.
func flags(name string, std streams) *flag.FlagSet {
	f := flag.NewFlagSet("pingap "+name, flag.ContinueOnError)
	f.SetOutput(std.err)
	return f
}

// parse reads the arguments of a command that takes flags only.
func parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if f.NArg() > 0 {
		fmt.Fprintf(f.Output(), "%s: unexpected argument %q\n", f.Name(), f.Arg(0))
		return errUsage
	}
	return nil
}
