package upstream

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"pingap-go/endpoint"
	"pingap-go/internal/mono"
	"pingap-go/internal/testkit"
	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
)

// listener is a server that accepts connections and says nothing.
type listener struct {
	net.Listener
	mu       sync.Mutex
	accepted []net.Conn
	ended    chan struct{}
}

func listen(t *testing.T) *listener {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{Listener: nl, ended: make(chan struct{})}
	go l.accept()
	t.Cleanup(func() { l.Close(); <-l.ended; l.hangUp() })
	return l
}

func (l *listener) accept() {
	defer close(l.ended)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		l.accepted = append(l.accepted, c)
		l.mu.Unlock()
	}
}

// each calls do with all connections there have been.
func (l *listener) each(do func(net.Conn)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.accepted {
		do(c)
	}
}

func (l *listener) hangUp() { l.each(func(c net.Conn) { c.Close() }) }

// hostAt is a host at a real address, with a running watchdog.
func hostAt(t *testing.T, address string, set func(*Options)) *Host {
	t.Helper()
	dog := wire.NewWatchdog()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { dog.Run(ctx); close(ended) }()
	o := &Options{
		Name: "api", IdleTimeout: time.Minute, KeepalivePool: 64, Watchdog: dog,
		Metrics: metrics.New(metrics.Build{}).Upstream("api"), Log: slog.New(slog.DiscardHandler),
	}
	if set != nil {
		set(o)
	}
	h := newHost(o, &endpoint.Endpoint{ID: "a", Name: "a", Address: address})
	t.Cleanup(func() {
		if !h.link.Load().gone {
			h.close()
		}
		if n, open := h.conns.Load(), dog.Len(); n != 0 || open != 0 {
			t.Errorf("%d connections are counted in the end and %d watched, not 0", n, open)
		}
		cancel()
		<-ended
	})
	return h
}

// dialled are n connections, each its own.
func dialled(t *testing.T, h *Host, n int) []*Conn {
	t.Helper()
	conns := make([]*Conn, n)
	for i := range conns {
		c, err := h.dial(t.Context(), time.Second, nil)
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = c
	}
	return conns
}

func putAll(conns []*Conn) {
	for _, c := range conns {
		c.Put()
	}
}

func TestTheConnectionUsedLastIsUsedNext(t *testing.T) {
	h := hostAt(t, listen(t).Addr().String(), nil)
	conns := dialled(t, h, 20)
	putAll(conns)
	for i := range conns {
		want := conns[len(conns)-1-i]
		got := h.take(mono.Now(), false, nil)
		if got != want {
			t.Fatalf("take %d gave another connection", i)
		}
		if !got.Reused() {
			t.Error("it does not know that it has served")
		}
		defer got.Put()
	}
	if h.take(mono.Now(), false, nil) != nil {
		t.Error("there is one more")
	}
}

func TestNoMoreIdleConnectionsThanAllowed(t *testing.T) {
	for _, size := range []int{0, 1, fewConns, fewConns + 3} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			h := hostAt(t, listen(t).Addr().String(), func(o *Options) { o.KeepalivePool = size })
			putAll(dialled(t, h, 15))
			if n := h.conns.Load(); n != int64(size) {
				t.Errorf("%d are kept, not %d", n, size)
			}
		})
	}
}

func TestKeepaliveRequestsBoundsAConnection(t *testing.T) {
	h := hostAt(t, listen(t).Addr().String(), func(o *Options) { o.KeepaliveRequests = 3 })
	c := dialled(t, h, 1)[0]
	for n := 1; n < 3; n++ {
		c.Put()
		if h.take(mono.Now(), false, nil) != c {
			t.Fatalf("it is not kept after %d requests", n)
		}
	}
	c.Put()
	if h.take(mono.Now(), false, nil) != nil {
		t.Error("it is kept after 3 requests")
	}
}

func TestIdleConnectionsExpire(t *testing.T) {
	for _, c := range []struct {
		name string
		idle time.Duration
		keep int // what the server says, in seconds
		kept bool
	}{
		{"after idle_timeout", 100 * time.Millisecond, 0, false},
		{"before the server ends them", time.Minute, 1, false},
		{"never, with idle_timeout 0", 0, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hostAt(t, listen(t).Addr().String(), func(o *Options) { o.IdleTimeout = c.idle })
			conns := dialled(t, h, 12)
			for _, conn := range conns {
				conn.KeepFor(c.keep)
				conn.Put()
			}
			dog := h.link.Load().options.Watchdog
			began := dog.Now()
			testkit.Eventually(t, 5*time.Second, func() error {
				if dog.Now()-began < 700 {
					return fmt.Errorf("it is too early")
				}
				return nil
			})
			if got := h.take(mono.Now(), false, nil); (got != nil) != c.kept {
				t.Errorf("one is taken: %v", got != nil)
			} else if got != nil {
				got.Put()
			}
			h.dropIdle()
			if kept := h.conns.Load() > 0; kept != c.kept {
				t.Errorf("%d connections are left", h.conns.Load())
			}
		})
	}
}

func TestAConnectionThatTheServerEndedIsNotTaken(t *testing.T) {
	for _, c := range []struct {
		name string
		does func(net.Conn)
	}{
		{"it closed", func(c net.Conn) { c.Close() }},
		{"it broke", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() }},
		{"it sent what nobody asked for", func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 408 x\r\n\r\n")) }},
	} {
		for _, when := range []struct {
			name   string
			idle   time.Duration
			check  bool
			missed bool
		}{
			{"found when it is looked at in any case", 0, true, false},
			{"found after a while", trusted + 1, false, false},
			{"missed by who comes at once", trusted, false, true},
		} {
			t.Run(c.name+", "+when.name, func(t *testing.T) {
				l := listen(t)
				h := hostAt(t, l.Addr().String(), nil)
				conn := dialled(t, h, 1)[0]
				answered := mono.Now()
				conn.Answered(answered)
				conn.Put()
				l.accepts(t, 1)
				l.each(c.does)
				arrives(t, conn)
				got := h.take(answered+int64(when.idle), when.check, nil)
				if (got != nil) != when.missed {
					t.Errorf("it is taken: %v", got != nil)
				}
				if got != nil {
					got.Close()
				}
			})
		}
	}
}

// accepts waits until the listener has accepted n connections.
func (l *listener) accepts(t *testing.T, n int) {
	t.Helper()
	testkit.Eventually(t, 5*time.Second, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.accepted) < n {
			return fmt.Errorf("%d are accepted", len(l.accepted))
		}
		return nil
	})
}

// arrives waits until what the server did has reached an idle connection.
func arrives(t *testing.T, c *Conn) {
	t.Helper()
	testkit.Eventually(t, 5*time.Second, func() error {
		if closed, readable := c.Gone(); !closed && !readable {
			return fmt.Errorf("nothing has arrived")
		}
		return nil
	})
}

func TestConnectionsToTheOldAddressGo(t *testing.T) {
	h := hostAt(t, listen(t).Addr().String(), nil)
	conns := dialled(t, h, 4)
	putAll(conns[:3]) // one is busy
	moved := listen(t)
	h.describe(&endpoint.Endpoint{ID: "a", Name: "a", Address: moved.Addr().String()})
	if n := h.conns.Load(); n != 1 {
		t.Errorf("%d connections are left after the move", n)
	}
	conns[3].Put()
	if n := h.conns.Load(); n != 0 {
		t.Error("the busy one is kept for the new address")
	}
	h.describe(&endpoint.Endpoint{ID: "a", Name: "a", Address: moved.Addr().String(), Weight: 7, Tags: []string{"v2"}})
	c := dialled(t, h, 1)[0]
	c.Put()
	h.describe(&endpoint.Endpoint{ID: "a", Name: "a", Address: moved.Addr().String(), Weight: 9})
	if h.take(mono.Now(), false, nil) != c {
		t.Error("a new weight has closed the connection")
	}
	c.Put()
}

func TestAReloadKeepsConnectionsUnlessTheyAreMadeOtherwise(t *testing.T) {
	for _, same := range []bool{true, false} {
		t.Run(fmt.Sprintf("same link %v", same), func(t *testing.T) {
			h := hostAt(t, listen(t).Addr().String(), nil)
			conns := dialled(t, h, 2)
			conns[0].Put()
			next := *h.link.Load().options
			h.join(&next, same)
			conns[1].Put()
			if want, n := map[bool]int64{true: 2, false: 0}[same], h.conns.Load(); n != want {
				t.Errorf("%d connections are left, want %d", n, want)
			}
		})
	}
}

func TestAHostThatIsGoneKeepsNothing(t *testing.T) {
	h := hostAt(t, listen(t).Addr().String(), nil)
	conns := dialled(t, h, 2)
	conns[0].Put()
	h.close()
	conns[1].Put()
	late := dialled(t, h, 1)[0] // by a request that had the host before it went
	late.Put()
	if n := h.conns.Load(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

func TestCloseCountsOnce(t *testing.T) {
	h := hostAt(t, listen(t).Addr().String(), nil)
	c := dialled(t, h, 1)[0]
	c.Close()
	c.Close()
	if n := h.conns.Load(); n != 0 {
		t.Errorf("%d connections are counted", n)
	}
}

// Many goroutines take and put while the host moves and connections expire:
// none may be used by two, and none may be lost.
func TestConnectionsAreNeitherLostNorShared(t *testing.T) {
	const workers, kept = 8, 24
	h := hostAt(t, listen(t).Addr().String(), func(o *Options) { o.KeepalivePool = kept })
	address := h.link.Load().address
	putAll(dialled(t, h, kept))
	var busy sync.Map
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range 2000 {
				c := h.take(mono.Now(), false, nil)
				if c == nil {
					continue
				}
				if _, twice := busy.LoadOrStore(c, true); twice {
					t.Error("two have the same connection")
					return
				}
				busy.Delete(c)
				c.Put()
			}
		})
	}
	for range 200 {
		h.dropIdle()
		h.dropStale()
		h.describe(&endpoint.Endpoint{ID: "a", Name: "a", Address: address, Weight: 2})
	}
	wg.Wait()
	left := 0
	for c := h.take(mono.Now(), false, nil); c != nil; c = h.take(mono.Now(), false, nil) {
		defer c.Put()
		left++
	}
	if left != kept || h.conns.Load() != kept {
		t.Errorf("%d of %d connections are left, %d are counted", left, kept, h.conns.Load())
	}
}

func TestAHostThatGoesWhileConnectionsComeBackKeepsNothing(t *testing.T) {
	o := hostAt(t, listen(t).Addr().String(), nil).link.Load().options
	for range 3000 {
		h := newHost(o, &endpoint.Endpoint{ID: "a", Name: "a", Address: "127.0.0.1:1"})
		var wg sync.WaitGroup
		for range 2 {
			nc, peer := net.Pipe()
			defer peer.Close()
			c := h.wrap(nc, h.link.Load(), nil)
			wg.Go(c.Put)
		}
		h.close()
		wg.Wait()
		if n := h.conns.Load(); n != 0 {
			t.Fatalf("%d connections are left", n)
		}
	}
}
