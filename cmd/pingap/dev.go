package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"pingap-go/config"
	"pingap-go/engine"
	"pingap-go/internal/playground"
	"pingap-go/telemetry/logging"
)

// devOptions are the flags of `pingap dev`.
type devOptions struct {
	instances                      int
	addr, admin, control, registry string
	printConfig                    bool
	logLevel                       string
}

func parseDev(args []string, std streams) (devOptions, error) {
	var o devOptions
	f := flags("dev", std)
	f.IntVar(&o.instances, "instances", 3, fmt.Sprintf("how many instances to begin with, 0 to %d", playground.Most))
	f.StringVar(&o.addr, "addr", "127.0.0.1:6188", "where the proxy listens")
	f.StringVar(&o.admin, "admin", "127.0.0.1:6189", "where the admin API listens")
	f.StringVar(&o.control, "control", "", "where the page and API listen that kill and add instances (default: "+defaultControl+", or a free port when that is taken)")
	f.StringVar(&o.registry, "dns", "", "where the DNS registry listens (default: a free port of 127.0.0.1)")
	f.BoolVar(&o.printConfig, "print-config", false, "print the proxy's configuration and exit")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	if err := parse(f, args); err != nil {
		return o, err
	}
	if o.instances < 0 || o.instances > playground.Most {
		fmt.Fprintf(std.err, "pingap dev: %d instances: must be 0 to %d\n", o.instances, playground.Most)
		return o, errUsage
	}
	return o, nil
}

func runDev(args []string, std streams) error {
	o, err := parseDev(args, std)
	if err != nil {
		return err
	}
	log, _, err := logging.New(std.err, "text", o.logLevel)
	if err != nil {
		fmt.Fprintln(std.err, "pingap dev:", err)
		return errUsage
	}
	if o.printConfig {
		return printDevConfig(o, log, std.out)
	}
	signals, stop := notify()
	defer stop()
	return dev(o, log, std.out, signals)
}

// printDevConfig opens a registry for as long as it takes to learn its port.
func printDevConfig(o devOptions, log *slog.Logger, out io.Writer) error {
	p, err := playground.Start(playground.Options{Registry: o.registry, Log: log})
	if err != nil {
		return err
	}
	defer p.Close()
	_, err = fmt.Fprint(out, p.Config(o.addr, o.admin))
	return err
}

// dev plays until a signal ends it.
func dev(o devOptions, log *slog.Logger, out io.Writer, signals <-chan os.Signal) error {
	if o.control == "" {
		o.control = controlAddr(defaultControl)
	}
	if err := o.checkPorts(); err != nil {
		return err
	}
	p, err := playground.Start(playground.Options{
		Instances: o.instances, Registry: o.registry, Control: o.control, Proxy: o.addr, Admin: o.admin, Log: log,
	})
	if err != nil {
		return err
	}
	defer p.Close()
	state, err := os.MkdirTemp("", "pingap-dev-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	e := engine.New(engine.Options{
		Load:    func() (*config.Config, error) { return loadDev(p.Config(o.addr, o.admin), state) },
		Version: version, Commit: commit(), Log: log,
	})
	return serve(e, log, signals, func() { fmt.Fprint(out, o.greeting(p)) })
}

// loadDev reads the generated configuration. What earlier runs knew of ports is
// of no use, so each run has a state directory of its own.
func loadDev(text, state string) (*config.Config, error) {
	c, err := config.Parse("pingap-dev.toml", text, os.LookupEnv)
	if err == nil {
		c.Basic.StateDir = state
	}
	return c, err
}

// self is how the reader can start this program: `go run` leaves nothing behind
// that could be called by its own name.
func self() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./cmd/pingap"
	}
	return os.Args[0]
}
