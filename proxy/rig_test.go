package proxy_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/balance"
	"pingap-go/discovery/static"
	"pingap-go/internal/loop"
	"pingap-go/internal/wire"
	"pingap-go/plugin"
	"pingap-go/proxy"
	"pingap-go/route"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

// rig is one proxy server with one location in front of origins.
type rig struct {
	addr    string
	tls     *tls.Config // of its clients; nil = plain
	site    *proxy.Site
	server  *proxy.Server
	metrics *metrics.Metrics
}

// parts are what a test may change of a rig before it is put together. They begin
// as the defaults of the contract.
type parts struct {
	limits   proxy.Limits
	location proxy.Location
	pool     upstream.Options
	chain    []plugin.Plugin
	tls      *tls.Config // nil = plain
	log      slog.Handler
	loops    int
	hosts    []string // addresses beside those of the origins
}

// start puts a proxy in front of the origins. change may be nil.
func start(t testing.TB, change func(*parts), origins ...*origin) *rig {
	t.Helper()
	m, dog := metrics.New(metrics.Build{}), wire.NewWatchdog()
	p := defaults(m)
	if change != nil {
		change(p)
	}
	log := slog.New(p.log)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	running.Go(func() { dog.Run(ctx) })
	pool := startPool(t, p, m, dog, log, origins)
	running.Go(func() { pool.Run(ctx) })
	pool.Await(ctx)

	location := &p.location
	location.Handler = plugin.Chain(p.chain, &proxy.Forward{Pool: pool, Location: location})
	site := &proxy.Site{
		Server: "s", Routes: route.New([]route.Rule[*proxy.Location]{{Name: "l", Target: location}}),
		Errors: proxy.NewErrorPage("test", ""), Metrics: m.Server("s"), NoRoute: m.Route("s", "", ""), Limits: p.limits, TLS: p.tls,
	}
	r := &rig{site: site, server: proxy.NewServer("s", site, dog, startLoops(t, p.loops), log), metrics: m}
	if p.tls != nil {
		r.tls = clientTLS("http/1.1")
	}
	if err := r.server.Open(ctx, []string{"127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	r.server.Serve(site, []string{"127.0.0.1:0"})
	r.addr = r.server.Addrs()[0].String()
	t.Cleanup(func() {
		ended, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		_ = r.server.Shutdown(ended) // what a test leaves open is cut off
	})
	return r
}

// startLoops starts n loops, which end after everything that runs on them; without any
// each connection has a goroutine.
func startLoops(t testing.TB, n int) *loop.Group {
	t.Helper()
	if n == 0 {
		return nil
	}
	loops, err := loop.New(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(loops.Close)
	return loops
}

func defaults(m *metrics.Metrics) *parts {
	return &parts{
		log: slog.DiscardHandler, loops: 2,
		limits: proxy.Limits{
			ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second, Stall: 75 * time.Second, MaxHeaderBytes: 64 << 10,
		},
		location: proxy.Location{
			Name: "l", Upstream: "u", ForwardedHeaders: true, Websocket: true, Processing: new(atomic.Int64),
			ConnectTimeout: 3 * time.Second, ResponseTimeout: time.Minute, Metrics: m.Route("s", "l", "u"),
		},
		pool: upstream.Options{
			Name: "u", Retry: upstream.Retry{Attempts: 3, ReplayBuffer: 64 << 10}, Budget: limit.NewBudget(0.2, 3),
			IdleTimeout: time.Minute, KeepalivePool: 512,
		},
	}
}

func startPool(t testing.TB, p *parts, m *metrics.Metrics, dog *wire.Watchdog, log *slog.Logger, origins []*origin) *upstream.Pool {
	t.Helper()
	addrs := slices.Clone(p.hosts)
	for _, o := range origins {
		addrs = append(addrs, o.addr())
	}
	watcher, err := static.New(static.Options{Addrs: addrs})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := balance.New("round_robin", balance.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	o := p.pool
	o.Watcher, o.Policy, o.Metrics, o.Watchdog, o.Log = watcher, policy, m.Upstream("u"), dog, log
	return upstream.New(o)
}

// url is where a path is on the proxy.
func (r *rig) url(path string) string {
	if r.tls != nil {
		return "https://" + r.addr + path
	}
	return "http://" + r.addr + path
}

// dial opens a client's connection to the proxy.
func (r *rig) dial(t testing.TB) *client {
	t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	if r.tls != nil {
		nc = tls.Client(nc, r.tls)
	}
	return newClient(t, nc)
}
