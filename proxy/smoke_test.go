package proxy

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/balance"
	"pingap-go/discovery/static"
	"pingap-go/internal/wire"
	"pingap-go/route"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

func TestSmoke(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "hello %s %s %d %v", r.Method, r.URL, len(b), r.Header)
	}))
	defer up.Close()
	addr := startProxy(t, strings.TrimPrefix(up.URL, "http://"))
	for i := 0; i < 3; i++ {
		res, err := http.Get("http://" + addr + "/x?y=1")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		t.Log(res.Status, res.Header, string(b))
	}
	for _, n := range []int{10, 10_000, 60_000, 100_000, 5_000_000} {
		res, err := http.Post("http://"+addr+"/post", "text/plain", strings.NewReader(strings.Repeat("x", n)))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		t.Log(res.Status, res.Header, string(b)[:30])
	}
	res, err := http.Post("http://"+addr+"/post", "text/plain", io.MultiReader(strings.NewReader(strings.Repeat("x", 100000))))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	t.Log(res.Status, res.Header, string(b)[:30])
}

func TestServeForBench(t *testing.T) {
	u := os.Getenv("BENCH_UPSTREAM")
	if u == "" {
		t.Skip()
	}
	t.Log(startProxyAt(t, "127.0.0.1:7188", u))
	time.Sleep(600 * time.Second)
}

func startProxy(t testing.TB, upstreams ...string) string {
	return startProxyAt(t, "127.0.0.1:0", upstreams...)
}

func startProxyAt(t testing.TB, at string, upstreams ...string) string {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	dog := wire.NewWatchdog()
	go dog.Run(ctx)
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	m := metrics.New(metrics.Build{})
	policy, _ := balance.New("round_robin", balance.Settings{})
	w, err := static.New(static.Options{Addrs: upstreams})
	if err != nil {
		t.Fatal(err)
	}
	pool := upstream.New(upstream.Options{Name: "u", Watcher: w, Policy: policy, Metrics: m.Upstream("u"), Watchdog: dog, Log: log, Budget: limit.NewBudget(0.2, 3),
		Retry: upstream.Retry{Attempts: 3, ReplayBuffer: 65536}, IdleTimeout: time.Minute, KeepalivePool: 512})
	go pool.Run(ctx)
	for !pool.Ready() {
		time.Sleep(time.Millisecond)
	}
	loc := &Location{Name: "l", Upstream: "u", ForwardedHeaders: true, Processing: new(atomic.Int64), ConnectTimeout: 3 * time.Second, ResponseTimeout: time.Minute, Metrics: m.Route("s", "l", "u")}
	loc.Handler = &Forward{Pool: pool, Location: loc}
	site := &Site{Server: "s", Routes: route.New([]route.Rule[*Location]{{Name: "l", Target: loc}}), Errors: NewErrorPage("x", ""), Metrics: m.Server("s"), NoRoute: m.Route("s", "", ""),
		Limits: Limits{ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second, Stall: time.Minute, MaxHeaderBytes: 65536}}
	s := NewServer("s", site, dog, log)
	if err := s.Open(ctx, []string{at}); err != nil {
		t.Fatal(err)
	}
	s.Serve(site, []string{at})
	for _, a := range s.Addrs() {
		return a.(*net.TCPAddr).String()
	}
	return ""
}
