package tcp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/balance"
	"pingap-go/discovery/static"
	"pingap-go/internal/testkit"
	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

const patience = 15 * time.Second

// clocked is a tunnel whose watchdog looks when a test says so, and both its ends.
type clocked struct {
	*Tunnel
	client, far net.Conn
	pool        *upstream.Pool
	ended       chan struct{}
}

func newClocked(t *testing.T, idle time.Duration) *clocked {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := &clocked{pool: poolOf(t, l.Addr().String()), ended: make(chan struct{})}
	m := metrics.New(metrics.Build{})
	r := &Relay{Pool: c.pool, IdleTimeout: idle, Server: m.Server("s"), Metrics: m.Route("s", "", "u"), Log: slog.New(slog.DiscardHandler)}
	var near net.Conn
	c.client, near = connected(t)
	c.Tunnel = r.NewTunnel(near, "", Owner{
		Watchdog: wire.NewWatchdog(), EndAt: new(atomic.Int64), Ended: func(*Tunnel) { close(c.ended) },
	})
	var serving sync.WaitGroup
	serving.Go(c.Serve)
	if c.far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	serving.Wait()
	for _, nc := range []net.Conn{c.client, c.far} {
		nc.SetDeadline(time.Now().Add(patience))
		t.Cleanup(func() { nc.Close() })
	}
	return c
}

// connected are the two ends of a connection.
func connected(t *testing.T) (far, near net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return far, near
}

func poolOf(t *testing.T, addr string) *upstream.Pool {
	t.Helper()
	watcher, err := static.New(static.Options{Addrs: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := balance.New("round_robin", balance.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	pool := upstream.New(upstream.Options{
		Name: "u", Watcher: watcher, Policy: policy, Budget: limit.NewBudget(0, 0),
		Metrics: metrics.New(metrics.Build{}).Upstream("u"), Watchdog: wire.NewWatchdog(), Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { pool.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	pool.Await(ctx)
	return pool
}

// passes has one end say something to the other, and waits until it is counted.
func (c *clocked) passes(t *testing.T, from, to net.Conn, f *wire.Flow) {
	t.Helper()
	before := f.Moved.Load()
	if _, err := from.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(to, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		if f.Moved.Load() == before {
			return errors.New("not counted")
		}
		return nil
	})
}

// over reports whether the tunnel was told to end.
func (c *clocked) over() bool { return c.ctx.Err() != nil }

// What moves in either direction keeps a tunnel; what stands still in both ends.
func TestTunnelThatStandsStillEnds(t *testing.T) {
	const idle = time.Minute
	c := newClocked(t, idle)
	now := int64(1)
	for range 3 {
		for _, move := range []func(){
			func() { c.passes(t, c.client, c.far, &c.in) },
			func() { c.passes(t, c.far, c.client, &c.out) },
		} {
			c.tick(now)
			now += idle.Milliseconds() - 1
			c.tick(now)
			if c.over() {
				t.Fatal("ended too early")
			}
			move()
		}
	}
	c.tick(now)
	c.tick(now + idle.Milliseconds() - 1)
	if c.over() {
		t.Fatal("ended too early")
	}
	c.tick(now + idle.Milliseconds())
	for name, nc := range map[string]net.Conn{"client": c.client, "host": c.far} {
		if _, err := io.ReadAll(nc); err == nil {
			t.Errorf("to the %s it looks like a clean end", name)
		}
	}
	<-c.ended
}

func TestTunnelWithoutABoundStays(t *testing.T) {
	c := newClocked(t, 0)
	c.tick(1)
	c.tick(int64(1000 * time.Hour / time.Millisecond))
	c.passes(t, c.client, c.far, &c.in)
	c.client.Close()
	c.far.Close()
	<-c.ended
}

// Who has got the host's end got all of it, whatever ends the tunnel then.
func TestAnEndThatWasToldStaysOne(t *testing.T) {
	c := newClocked(t, time.Minute)
	c.far.(*net.TCPConn).CloseWrite()
	if rest, err := io.ReadAll(c.client); len(rest) > 0 || err != nil {
		t.Fatalf("%q, %v", rest, err)
	}
	c.tick(1)
	c.tick(1 + time.Minute.Milliseconds())
	<-c.ended
	if _, err := c.client.Write([]byte("hello")); err != nil { // a reset would have come by now
		t.Errorf("the client was reset: %v", err)
	}
	if _, err := io.ReadAll(c.far); err == nil {
		t.Error("to the host it looks like a clean end")
	}
}

// A host has its evidence when it has said something, or has kept the connection
// for a while.
func TestHostIsProven(t *testing.T) {
	for name, tt := range map[string]struct {
		talks bool
		after time.Duration
		want  bool
	}{
		"silent at first":  {false, provenAfter - 1, false},
		"silent and there": {false, provenAfter, true},
		"talking":          {true, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClocked(t, 0)
			if tt.talks {
				c.passes(t, c.far, c.client, &c.out)
			}
			c.tick(1)
			c.tick(1 + tt.after.Milliseconds())
			if got := c.proven.Load(); got != tt.want {
				t.Errorf("proven: %v", got)
			}
			c.client.Close()
			c.far.Close()
			<-c.ended
			s := c.pool.Status()
			if e := s.Endpoint(0); e.InFlight != 0 || e.Conns != 0 || e.Failures != 0 {
				t.Errorf("%+v", e)
			}
		})
	}
}
