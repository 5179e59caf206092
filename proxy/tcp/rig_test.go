package tcp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/balance"
	"pingap-go/discovery/static"
	"pingap-go/health"
	"pingap-go/internal/testkit"
	"pingap-go/internal/wire"
	"pingap-go/proxy"
	"pingap-go/proxy/tcp"
	"pingap-go/route"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

func TestMain(m *testing.M) {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close() // the runtime's own descriptors are open from now on
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must happen.
const patience = 15 * time.Second

// rig is a tcp server in front of some addresses.
type rig struct {
	t       testing.TB
	addr    string
	site    *proxy.Site
	server  *proxy.Server
	metrics *metrics.Metrics
	pool    *upstream.Pool
	log     *testkit.Journal
}

// parts are what a test may change of a rig before it is put together.
type parts struct {
	algorithm string
	pool      upstream.Options
	relay     tcp.Relay
	limits    proxy.Limits
	tls       *tls.Config // of clients; nil = plain
}

// start puts a tcp server in front of addresses. change may be nil.
func start(t testing.TB, change func(*parts), addrs ...string) *rig {
	t.Helper()
	r := &rig{t: t, metrics: metrics.New(metrics.Build{}), log: &testkit.Journal{}}
	log, dog := slog.New(slog.NewTextHandler(r.log, nil)), wire.NewWatchdog()
	p := &parts{
		algorithm: "round_robin",
		pool: upstream.Options{
			Name: "u", Retry: upstream.Retry{Attempts: 3}, Budget: limit.NewBudget(0.2, 3),
			Ejection: health.Rules{Off: true}, IdleTimeout: time.Minute, KeepalivePool: 512,
		},
		relay: tcp.Relay{ConnectTimeout: 3 * time.Second, HandshakeTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second},
	}
	if change != nil {
		change(p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	running.Go(func() { dog.Run(ctx) })
	r.pool = newPool(t, p, r.metrics, dog, log, addrs)
	running.Go(func() { r.pool.Run(ctx) })
	r.pool.Await(ctx)

	relay := &p.relay
	relay.Name, relay.Pool, relay.Server, relay.Metrics, relay.Log = "s", r.pool, r.metrics.Server("s"), r.metrics.Route("s", "", "u"), log
	r.site = &proxy.Site{
		Server: "s", Routes: route.New[*proxy.Location](nil), Relay: relay, TLS: p.tls, Limits: p.limits,
		Errors: proxy.NewErrorPage("test", ""), Metrics: relay.Server, NoRoute: r.metrics.Route("s", "", ""),
	}
	r.server = proxy.NewServer("s", r.site, dog, nil, log)
	if err := r.server.Open(ctx, []string{"127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	r.server.Serve(r.site, []string{"127.0.0.1:0"})
	r.addr = r.server.Addrs()[0].String()
	t.Cleanup(func() {
		ended, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		_ = r.server.Shutdown(ended) // what a test leaves open is cut off
	})
	return r
}

func newPool(t testing.TB, p *parts, m *metrics.Metrics, dog *wire.Watchdog, log *slog.Logger, addrs []string) *upstream.Pool {
	t.Helper()
	watcher, err := static.New(static.Options{Addrs: addrs})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := balance.New(p.algorithm, balance.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	o := p.pool
	o.Watcher, o.Policy, o.Metrics, o.Watchdog, o.Log = watcher, policy, m.Upstream("u"), dog, log
	o.Key, _ = balance.ParseKey(p.algorithm)
	return upstream.New(o)
}

// of is the pool's status of one address.
func (r *rig) of(address string) upstream.EndpointStatus {
	s := r.pool.Status()
	for i := range s.Len() {
		if e := s.Endpoint(i); e.Endpoint.Address == address {
			return e
		}
	}
	r.t.Fatalf("%s is not in the pool", address)
	return upstream.EndpointStatus{}
}

// hasMetric waits until the exposition has that line.
func (r *rig) hasMetric(line string) {
	r.t.Helper()
	testkit.Eventually(r.t, patience, func() error {
		w := httptest.NewRecorder()
		r.metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if strings.Contains(w.Body.String(), line+"\n") {
			return nil
		}
		name, _, _ := strings.Cut(line, "{")
		var near []string
		for l := range strings.Lines(w.Body.String()) {
			if strings.HasPrefix(l, name) {
				near = append(near, l)
			}
		}
		return fmt.Errorf("want %s, got %s", line, strings.Join(near, ""))
	})
}

// dial opens a client's connection.
func (r *rig) dial() *peer {
	r.t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	return newPeer(r.t, nc)
}

// turnsAway has a client come who must be reset. That may happen before it knows
// that it was connected.
func (r *rig) turnsAway() {
	r.t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	switch {
	case err == nil:
		newPeer(r.t, nc).breaks()
	case !errors.Is(err, syscall.ECONNRESET):
		r.t.Error(err)
	}
}

// peer is an end of a tunnel: a client, or what a host has accepted.
type peer struct {
	net.Conn
	t testing.TB
}

func newPeer(t testing.TB, nc net.Conn) *peer {
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return &peer{nc, t}
}

// says sends text.
func (p *peer) says(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.Conn, text); err != nil {
		p.t.Errorf("send %q: %v", text, err)
	}
}

// hears reads what must come next.
func (p *peer) hears(want string) {
	p.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(p.Conn, got); err != nil || string(got) != want {
		p.t.Fatalf("got %.60q, %v, want %.60q", got[:n], err, want)
	}
}

// ends waits for a clean end, with nothing before it.
func (p *peer) ends() {
	p.t.Helper()
	if rest, err := io.ReadAll(p.Conn); err != nil || len(rest) > 0 {
		p.t.Errorf("want a clean end, got %.60q, %v", rest, err)
	}
}

// breaks waits for an end that is none.
func (p *peer) breaks() {
	p.t.Helper()
	if rest, err := io.ReadAll(p.Conn); err == nil {
		p.t.Errorf("a clean end, after %.60q", rest)
	} else if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		p.t.Error("nothing has ended")
	}
}

// halfClose ends the peer's own side.
func (p *peer) halfClose() { p.Conn.(interface{ CloseWrite() error }).CloseWrite() }

// reset ends the connection the hard way.
func (p *peer) reset() {
	p.Conn.(*net.TCPConn).SetLinger(0)
	p.Close()
}
