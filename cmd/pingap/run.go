package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"pingap-go/config"
	"pingap-go/engine"
	"pingap-go/internal/resources"
	"pingap-go/telemetry/logging"
)

// configFlag defines -config, for which PINGAP_CONFIG stands in.
func configPath(flag string) (string, error) {
	if flag == "" {
		flag = os.Getenv("PINGAP_CONFIG")
	}
	if flag == "" {
		return "", errors.New("no configuration: give -config PATH or set PINGAP_CONFIG (\"pingap dev\" needs none)")
	}
	return flag, nil
}

func runProxy(args []string, std streams) error {
	f := flags("run", std)
	path := f.String("config", "", "TOML file, or directory whose *.toml are merged (env PINGAP_CONFIG)")
	format := f.String("log-format", "text", "text or json")
	level := f.String("log-level", "", "debug, info, warn or error (default: basic.log_level)")
	if err := parse(f, args); err != nil {
		return err
	}
	log, levelVar, err := logging.New(std.err, *format, *level)
	if err != nil {
		fmt.Fprintln(std.err, "pingap run:", err)
		return errUsage
	}
	if *level != "" {
		levelVar = nil // the flag has the last word
	}
	file, err := configPath(*path)
	if err != nil {
		fmt.Fprintln(std.err, "pingap run:", err)
		return errUsage
	}
	log.Info("starting", "version", version, "commit", commit(), "config", file, "pid", os.Getpid())
	allowed := runtime.GOMAXPROCS(0)
	e := engine.New(engine.Options{
		Load:    func() (*config.Config, error) { return load(file, allowed, log) },
		Version: version, Commit: commit(), Log: log, Level: levelVar, AccessLog: std.out,
	})
	tuning, done := context.WithCancel(context.Background())
	defer done()
	go resources.TuneCollector(tuning, os.LookupEnv)
	signals, stop := notify()
	defer stop()
	return serve(e, log, signals, func() {})
}

// notify catches the signals that serve understands, until stop is called.
func notify() (signals chan os.Signal, stop func()) {
	signals = make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	return signals, func() { signal.Stop(signals) }
}

// load reads the configuration and fits the process to what it may use; allowed is how
// many threads Go has found that may run.
func load(file string, allowed int, log *slog.Logger) (*config.Config, error) {
	c, err := config.Load(file, os.LookupEnv, engine.Check)
	if err != nil {
		return nil, err
	}
	if said := resources.Find(c.Basic.Threads, allowed, os.LookupEnv, os.DirFS("/")).Apply(); said != "" {
		log.Info("limited to " + said)
	}
	return c, nil
}

// serve runs an engine until a signal ends it. SIGHUP reloads; SIGTERM and
// SIGINT drain, and a second one ends at once. It calls started when the engine
// serves.
func serve(e *engine.Engine, log *slog.Logger, signals <-chan os.Signal, started func()) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := e.Start(ctx); err != nil {
		return err
	}
	started()
	for s := range signals {
		if s != syscall.SIGHUP {
			log.Info("draining", "signal", s.String())
			break
		}
		reload(ctx, e)
	}
	var watching sync.WaitGroup
	watching.Go(func() { endOnSignal(ctx, signals, cancel, log) })
	err := e.Shutdown(ctx)
	cancel()
	watching.Wait()
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	log.Info("drained")
	return nil
}

// endOnSignal ends the drain at the next signal that asks for it, if one comes
// before the drain has ended by itself.
func endOnSignal(ctx context.Context, signals <-chan os.Signal, end context.CancelFunc, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			if s != syscall.SIGHUP {
				log.Warn("ending at once", "signal", s.String())
				end()
				return
			}
		}
	}
}

// reload has the engine load its configuration again; the engine logs how it went.
func reload(ctx context.Context, e *engine.Engine) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, _ = e.Reload(ctx) // logged, and the old generation serves on
}

func runValidate(args []string, std streams) error {
	f := flags("validate", std)
	path := f.String("config", "", "TOML file, or directory whose *.toml are merged (env PINGAP_CONFIG)")
	if err := parse(f, args); err != nil {
		return err
	}
	file, err := configPath(*path)
	if err != nil {
		fmt.Fprintln(std.err, "pingap validate:", err)
		return errUsage
	}
	c, err := config.Load(file, os.LookupEnv, engine.Check)
	if err == nil {
		err = engine.Validate(c)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s: ok, %s, %s, %s\n", file, counted(len(c.Servers), "server"),
		counted(len(c.Locations), "location"), counted(len(c.Upstreams), "upstream"))
	return nil
}

// counted is "1 server" or "2 servers".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
