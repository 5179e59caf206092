package playground

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Mode is how an instance behaves.
type Mode string

// The modes. Requests and health checks fail apart from each other, so that one
// can see which of them the proxy goes by.
const (
	Well      Mode = "well"
	Slow      Mode = "slow"      // answers after a second; healthy
	Failing   Mode = "failing"   // answers 503; healthy, if one asks /health
	Flaky     Mode = "flaky"     // answers every second request 503; healthy
	Unhealthy Mode = "unhealthy" // /health answers 503; requests are fine
)

// Modes lists all modes.
func Modes() []Mode { return []Mode{Well, Slow, Failing, Flaky, Unhealthy} }

// slowness is how long a slow instance thinks.
const slowness = time.Second

// instance is a small HTTP server that says who it is.
type instance struct {
	name     string
	port     int
	server   *http.Server
	serving  sync.WaitGroup
	behaves  atomic.Pointer[Mode]
	requests atomic.Int64

	mu    sync.Mutex
	dead  bool
	conns map[net.Conn]struct{}
}

// startInstance starts one on a free port of 127.0.0.1.
func startInstance(name string) (*instance, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start instance %q: %w", name, err)
	}
	i := &instance{name: name, port: l.Addr().(*net.TCPAddr).Port, conns: map[net.Conn]struct{}{}}
	i.set(Well)
	i.server = &http.Server{Handler: i, ConnState: i.track, ReadHeaderTimeout: patience}
	i.serving.Go(func() { _ = i.server.Serve(l) }) // it ends by kill or stop
	return i, nil
}

func (i *instance) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(i.port)) }

// id is what a watcher of SRV records calls the instance: target and port.
func (i *instance) id() string {
	return strings.TrimSuffix(target(i.name), ".") + ":" + strconv.Itoa(i.port)
}

func (i *instance) mode() Mode      { return *i.behaves.Load() }
func (i *instance) set(mode Mode)   { i.behaves.Store(&mode) }
func (i *instance) healthy() bool   { return i.mode() != Unhealthy }
func fails(mode Mode, n int64) bool { return mode == Failing || mode == Flaky && n%2 == 0 }

// ServeHTTP answers health checks at /health and everything else as itself.
func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/health" {
		if !i.healthy() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintf(w, "%s is %s\n", i.name, i.mode())
		return
	}
	n, mode := i.requests.Add(1), i.mode()
	if mode == Slow {
		wait(r.Context(), slowness)
	}
	if fails(mode, n) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "%s fails\n", i.name)
		return
	}
	fmt.Fprintf(w, "%s on port %d, request %d\n", i.name, i.port, n)
}

// track remembers the open connections, for kill.
func (i *instance) track(c net.Conn, state http.ConnState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case state == http.StateNew && i.dead:
		reset(c)
	case state == http.StateNew:
		i.conns[c] = struct{}{}
	case state == http.StateClosed, state == http.StateHijacked:
		delete(i.conns, c)
	}
}

// kill ends the instance like a process that dies: nobody listens any more and
// the peers' connections are reset.
func (i *instance) kill() {
	i.mu.Lock()
	i.dead = true
	for c := range i.conns {
		reset(c)
	}
	i.mu.Unlock()
	_ = i.server.Close()
	i.serving.Wait()
}

// reset has c end with RST when it is closed.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // a connection that has gone already needs none
	}
}

// stop ends the instance once the requests under way are answered.
func (i *instance) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if i.server.Shutdown(ctx) != nil {
		_ = i.server.Close()
	}
	i.serving.Wait()
}
