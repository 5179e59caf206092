// Package engine puts the program together: it turns a configuration into a
// Generation, starts it, swaps it in for the one before, and drains it.
//
//	e := engine.New(engine.Options{Load: load, Log: log})
//	err := e.Start(ctx)       // parse, validate, build, start
//	n, err := e.Reload(ctx)   // the same beside the running one, then swap
//	err = e.Shutdown(ctx)     // drain
//
// Configuration moves one way: parse, validate, build, start, swap, drain. A step
// that fails leaves what runs as it was. What a reload does not touch (pools with
// their connections, counters and health; listeners; plugins) is taken over.
//
// This is the only package that knows every concrete kind of discovery and every
// plugin; kinds.go and plugins.go list them.
package engine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"pingap-go/config"
	"pingap-go/discovery/saved"
	"pingap-go/internal/loop"
	"pingap-go/internal/wire"
	"pingap-go/proxy"
	"pingap-go/telemetry/accesslog"
	"pingap-go/telemetry/metrics"
	"pingap-go/telemetry/tracing"
)

// Options make an Engine.
type Options struct {
	// Load reads the configuration, at start and at each reload.
	Load func() (*config.Config, error)
	// Version and Commit are shown by metrics, traces and error pages.
	Version, Commit string
	// Log is where the program speaks. Level, when not nil, follows
	// basic.log_level.
	Log   *slog.Logger
	Level *slog.LevelVar
	// AccessLog is where access lines go; nil = os.Stdout.
	AccessLog io.Writer
}

// Engine is the running program.
type Engine struct {
	options   Options
	log       *slog.Logger
	metrics   *metrics.Metrics
	dog       *wire.Watchdog
	loops     *loop.Group // nil = none
	accessLog *accesslog.Writer
	tracer    *tracing.Tracer
	saved     *saved.Dir
	started   time.Time
	current   atomic.Pointer[Generation]
	stopping  atomic.Bool
	lastLoad  atomic.Pointer[loaded]

	ctx    context.Context // ends when everything must
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu      sync.Mutex // held while starting, reloading, shutting down
	servers map[string]*proxy.Server
	admin   adminServer
}

// defaultStall bounds a body that makes no progress where idle_timeout is off.
const defaultStall = 75 * time.Second

// New makes an engine that runs nothing yet.
func New(o Options) *Engine {
	if o.AccessLog == nil {
		o.AccessLog = os.Stdout
	}
	e := &Engine{
		options: o, log: o.Log, metrics: metrics.New(metrics.Build{Version: o.Version, Commit: o.Commit}),
		dog: wire.NewWatchdog(), accessLog: accesslog.NewWriter(o.AccessLog, o.Log), started: time.Now(),
		servers: map[string]*proxy.Server{},
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.current.Store(&Generation{})
	e.metrics.Pools(e.poolStates)
	e.metrics.AccessLogDropped(e.accessLog.Dropped)
	return e
}

// Start loads the configuration and begins to serve. On an error nothing runs.
func (e *Engine) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.options.Load()
	if err != nil {
		return err
	}
	if err := e.prepare(ctx, c); err != nil {
		return err
	}
	e.tasks.Go(func() { e.dog.Run(e.ctx) })
	e.startLoops()
	e.tasks.Go(e.rest)
	if err := e.enact(ctx, c); err != nil {
		return errors.Join(err, e.stop(ctx))
	}
	e.noteLoad(nil)
	return nil
}

// startLoops starts what carries requests: on as many threads as there are, but for one
// that runs what is beside them. Where there can be none connections have goroutines.
func (e *Engine) startLoops() {
	group, err := loop.New(otherThreads())
	if err != nil && !errors.Is(err, loop.ErrNone) {
		e.log.Warn("connections are served by goroutines, at a higher price", "err", err)
	}
	e.loops = group
}

// otherThreads is how many threads Go may run but for one.
func otherThreads() int { return max(runtime.GOMAXPROCS(0)-1, 1) }

// loaded is how the loads of the configuration went.
type loaded struct {
	good    time.Time // the last one that is in force
	problem string    // of the last one; empty when it is in force
}

// noteLoad remembers how a load went, for those who look at the program later.
func (e *Engine) noteLoad(err error) {
	l := loaded{good: time.Now()}
	if err != nil {
		l = loaded{problem: err.Error()}
		if last := e.lastLoad.Load(); last != nil {
			l.good = last.good
		}
	}
	e.lastLoad.Store(&l)
}

// prepare sets up what lives as long as the process.
func (e *Engine) prepare(ctx context.Context, c *config.Config) (err error) {
	e.setLevel(c)
	e.tracer, err = tracing.New(ctx, tracing.Options{
		Endpoint: c.Otel.Endpoint, SampleRatio: c.Otel.SampleRatio, ServiceName: c.Otel.ServiceName,
		Name: c.Basic.Name, Version: e.options.Version, Log: e.log,
	})
	if err != nil {
		return err
	}
	dir, err := stateDir(c)
	if err != nil {
		e.log.Warn("memberships are not kept for the next start", "err", err)
		return nil
	}
	e.saved, err = saved.Open(dir)
	if err != nil {
		e.log.Warn("memberships are not kept for the next start", "dir", dir, "err", err)
		e.saved = nil
	}
	return nil
}

func (e *Engine) setLevel(c *config.Config) {
	var level slog.Level
	if e.options.Level != nil && level.UnmarshalText([]byte(c.Basic.LogLevel)) == nil {
		e.options.Level.Set(level)
	}
}

// Reload loads the configuration again and swaps what it says in. It returns the
// number of the generation that serves then. On an error the old one serves on
// and the error says what is wrong.
func (e *Engine) Reload(ctx context.Context) (uint64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping.Load() {
		return 0, errors.New("shutting down")
	}
	c, err := e.options.Load()
	if err == nil {
		e.loops.Use(otherThreads())
		err = e.enact(ctx, c)
	}
	n := e.current.Load().Number
	e.noteLoad(err)
	if err != nil {
		e.metrics.Reloaded(metrics.Failure, n)
		e.log.Error("reload failed, the old configuration serves on", "generation", n, "err", err)
		return n, err
	}
	e.setLevel(c)
	e.log.Info("configuration is in force", "generation", n)
	return n, nil
}
