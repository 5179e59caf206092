package wire

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"

	"pingap-go/internal/loop"
	"pingap-go/internal/testkit"
)

// place is where a connection is served. The zero value is a goroutine and Go's
// poller; with a loop it is a goroutine beside that loop, or a task on it.
type place struct {
	loop *loop.Loop
	on   bool
}

// places are all that there are. The loop runs as long as the test.
func places(t testing.TB) map[string]place {
	t.Helper()
	all := map[string]place{"a goroutine": {}}
	if l := startLoops(t, 1).Least(); l != nil {
		all["beside a loop"], all["on a loop"] = place{loop: l}, place{l, true}
	}
	return all
}

// onLoop is a place on a loop of its own.
func onLoop(t testing.TB) place {
	t.Helper()
	l := startLoops(t, 1).Least()
	if l == nil {
		testkit.SkipOrFail(t, loop.ErrNone.Error())
	}
	return place{l, true}
}

// startLoops starts n loops, or none where there can be none.
func startLoops(t testing.TB, n int) *loop.Group {
	t.Helper()
	group, err := loop.New(n)
	if err != nil && !errors.Is(err, loop.ErrNone) {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	return group
}

// pair makes a connection that is served here. Its watchdog runs.
func (at place) pair(t testing.TB) *pair {
	t.Helper()
	near, far := sockets(t)
	dog := NewWatchdog()
	run(t, dog)
	p := &pair{NewConn(Looped(near, at.loop), dog), far, dog, at}
	t.Cleanup(func() { p.Close() })
	if p.Loop() != at.loop {
		t.Fatal("another loop watches, or none")
	}
	return p
}

// job is a function as a loop.Job.
type job func(*loop.Task)

func (j job) Run(t *loop.Task) { j(t) }

// do runs f here, for whom the connections wait meanwhile.
func (at place) do(f func() error, conns ...*Conn) error {
	if !at.on {
		return f()
	}
	done := make(chan error, 1)
	at.loop.Start(job(func(t *loop.Task) {
		for _, c := range conns {
			c.For(t)
		}
		done <- f()
	}))
	return <-done
}

// What may wait does so where the connection is served.

func (p *pair) Fill() error          { return p.at.do(p.Conn.Fill, p.Conn) }
func (p *pair) Close() error         { return p.at.do(p.Conn.Close, p.Conn) }
func (p *pair) Flush() error         { return p.at.do(p.Conn.Flush, p.Conn) }
func (p *pair) Write(b []byte) error { return p.at.do(func() error { return p.Conn.Write(b) }, p.Conn) }
func (p *pair) WriteParts(a, b, d []byte) error {
	return p.at.do(func() error { return p.Conn.WriteParts(a, b, d) }, p.Conn)
}

// everywhere runs a test of a plain connection in all places.
func everywhere(t *testing.T, test func(*testing.T, *pair)) {
	t.Helper()
	for name, at := range places(t) {
		t.Run(name, func(t *testing.T) { test(t, at.pair(t)) })
	}
}

// evenOverTLS is everywhere and everywhereOverTLS.
func evenOverTLS(t *testing.T, test func(*testing.T, *pair)) {
	t.Helper()
	everywhere(t, test)
	t.Run("TLS", func(t *testing.T) {
		everywhereOverTLS(t, func(t *testing.T, at place) { test(t, at.overTLS(t)) })
	})
}

// everywhereOverTLS runs a test of connections over TLS in all places.
func everywhereOverTLS(t *testing.T, test func(*testing.T, place)) {
	t.Helper()
	for name, at := range places(t) {
		t.Run(name, func(t *testing.T) { test(t, at) })
	}
}

// Who cannot be watched by a loop stays what it was.
func TestLoopedGivesBackWhatItCannotHave(t *testing.T) {
	l := startLoops(t, 1).Least()
	near, _ := sockets(t)
	if Looped(near, nil) != near {
		t.Error("there is no loop to watch")
	}
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	if Looped(ours, l) != ours {
		t.Error("a pipe is no socket")
	}
	nc := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
	if Looped(nc, l) != nc {
		t.Error("TLS without a Base keeps its socket")
	}
}
