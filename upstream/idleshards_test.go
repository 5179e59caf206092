package upstream

import (
	"crypto/tls"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"pingap-go/internal/loop"
	"pingap-go/internal/mono"
	"pingap-go/internal/testkit"
)

// startLoops starts n loops, which end with the test.
func startLoops(t *testing.T, n int) []*loop.Loop {
	t.Helper()
	group, err := loop.New(n)
	if errors.Is(err, loop.ErrNone) {
		testkit.SkipOrFail(t, err.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	loops := make([]*loop.Loop, n)
	for range n { // they get connections in turns
		l := group.Least()
		loops[l.Index()] = l
	}
	return loops
}

// dialledOn are n connections that a loop watches, or none.
func dialledOn(t *testing.T, h *Host, on *loop.Loop, n int) []*Conn {
	t.Helper()
	conns := make([]*Conn, n)
	for i := range conns {
		c, err := h.dial(t.Context(), time.Second, on)
		if err != nil {
			t.Fatal(err)
		}
		if c.Loop() != on {
			t.Fatal("another loop watches, or none")
		}
		conns[i] = c
	}
	return conns
}

func TestALoopTakesItsOwnFirst(t *testing.T) {
	loops := startLoops(t, 2)
	h := hostAt(t, listen(t).Addr().String(), nil)
	own, other := dialledOn(t, h, loops[0], 2), dialledOn(t, h, loops[1], 2)
	putAll(own)
	putAll(other)
	for i := range 4 {
		c := h.take(mono.Now(), false, loops[0])
		if c == nil {
			t.Fatalf("%d of 4 are found", i)
		}
		defer c.Close()
		if want := i < 2; (c == own[0] || c == own[1]) != want {
			t.Errorf("take %d: one of its own: %v", i, !want)
		}
		if c.Loop() != loops[0] {
			t.Errorf("take %d stays where it was", i)
		}
	}
	if c := h.take(mono.Now(), false, loops[0]); c != nil {
		t.Error("there is one more")
	}
}

// One that has moved is its new loop's from then on.
func TestAConnectionThatHasMovedStays(t *testing.T) {
	loops := startLoops(t, 2)
	h := hostAt(t, listen(t).Addr().String(), nil)
	c := dialledOn(t, h, loops[0], 1)[0]
	for _, l := range []*loop.Loop{loops[1], loops[1], loops[0]} {
		c.Put()
		if got := h.take(mono.Now(), false, l); got != c || c.Loop() != l {
			t.Fatalf("got %v, want %v on loop %d", got, c, l.Index())
		}
	}
	c.Close()
}

func TestWhoRunsOnNoLoopTakesNoneOfOne(t *testing.T) {
	l := startLoops(t, 1)[0]
	h := hostAt(t, listen(t).Addr().String(), nil)
	of := map[*loop.Loop]*Conn{l: dialledOn(t, h, l, 1)[0], nil: dialled(t, h, 1)[0]}
	for on, c := range of {
		c.Put()
		other := l
		if on == l {
			other = nil
		}
		if h.take(mono.Now(), false, other) != nil {
			t.Errorf("one of loop %v is taken for %v", on, other)
		}
		if h.take(mono.Now(), false, on) != c {
			t.Errorf("the one of loop %v is not found", on)
		}
		c.Close()
	}
}

func TestTheBoundOfKeptConnectionsIsForAllLoops(t *testing.T) {
	loops := append(startLoops(t, 2), nil)
	for _, size := range []int{0, 1, fewConns, fewConns + 3, 64} {
		h := hostAt(t, listen(t).Addr().String(), func(o *Options) { o.KeepalivePool = size })
		var all []*Conn
		for range size/2 + 2 {
			for _, on := range loops {
				all = append(all, dialledOn(t, h, on, 1)...)
			}
		}
		putAll(all)
		if n := h.conns.Load(); n != int64(size) {
			t.Errorf("%d are kept, not %d", n, size)
		}
		for _, on := range loops { // one after the other, too
			putAll(dialledOn(t, h, on, size+1))
		}
		if n := h.conns.Load(); n != int64(size) {
			t.Errorf("%d are kept in the end, not %d", n, size)
		}
	}
}

func TestTheBoundIsThatOfAllLoops(t *testing.T) {
	const size = 64
	loops := append(startLoops(t, 2), nil)
	h := hostAt(t, listen(t).Addr().String(), func(o *Options) { o.KeepalivePool = size })
	for _, on := range loops {
		putAll(dialledOn(t, h, on, size))
		if n := h.conns.Load(); n != size {
			t.Errorf("%d are kept, want %d", n, size)
		}
	}
}

func TestConnectionsOfAllLoopsEnd(t *testing.T) {
	loops := append(startLoops(t, 2), nil)
	for name, end := range map[string]func(*Host){
		"with their host": func(h *Host) { h.close() },
		"one and all":     func(h *Host) { h.idle.closeIf(func(*Conn) bool { return true }) },
		"but those that are not over": func(h *Host) {
			h.idle.closeIf(func(c *Conn) bool { return false })
			h.dropIdle()
			if n := h.conns.Load(); n != 9 {
				t.Errorf("%d are left", n)
			}
			h.close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := hostAt(t, listen(t).Addr().String(), nil)
			for _, on := range loops {
				putAll(dialledOn(t, h, on, 3))
			}
			end(h)
			if n := h.conns.Load(); n != 0 {
				t.Errorf("%d are left", n)
			}
		})
	}
}

// A kept connection that ends, or says what nobody has asked for, is not taken, also
// by another loop, and however short the time is.
func TestALoopThatHasSeenTheEndKnowsIt(t *testing.T) {
	loops := startLoops(t, 2)
	for _, on := range loops {
		l := listen(t)
		h := hostAt(t, l.Addr().String(), nil)
		c := dialledOn(t, h, loops[0], 1)[0]
		answered := mono.Now()
		c.Answered(answered)
		c.Put()
		l.accepts(t, 1)
		l.hangUp()
		arrives(t, c)
		if got := h.take(answered+int64(trusted)+1, false, on); got != nil {
			t.Errorf("loop %d takes it", on.Index())
			got.Close()
		}
	}
}

func TestTakingAndPuttingAllocateNothing(t *testing.T) {
	loops := append(startLoops(t, 2), nil)
	h := hostAt(t, listen(t).Addr().String(), nil)
	for _, on := range loops {
		putAll(dialledOn(t, h, on, 3))
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, on := range loops {
			h.take(mono.Now(), false, on).Put()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A loop watches connections over TLS like others.
func TestConnectionsOverTLSAreOfTheirLoop(t *testing.T) {
	loops := startLoops(t, 2)
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	t.Cleanup(server.Close)
	h := hostAt(t, server.Listener.Addr().String(), func(o *Options) { o.TLS = &tls.Config{InsecureSkipVerify: true} })
	c := dialledOn(t, h, loops[0], 1)[0]
	if c.Loop() != loops[0] || c.Plain() {
		t.Fatalf("loop %v, plain %v", c.Loop(), c.Plain())
	}
	for _, l := range []*loop.Loop{loops[0], loops[1], loops[0]} {
		c.Put()
		if got := h.take(mono.Now(), false, l); got != c || c.Loop() != l {
			t.Fatalf("got %v, want %v on loop %d", got, c, l.Index())
		}
	}
	c.Close()
}
