package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// pair is a Conn and the peer at the other end of it.
type pair struct {
	*Conn
	peer net.Conn
	dog  *Watchdog
	at   place
}

// sockets connects two ends over loopback.
func sockets(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	far.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// newPair makes a Conn whose watchdog ticks only when the test says so.
func newPair(t testing.TB) *pair {
	t.Helper()
	near, far := sockets(t)
	dog := NewWatchdog()
	p := &pair{NewConn(near, dog), far, dog, place{}}
	t.Cleanup(func() { p.Close() })
	return p
}

// watched is newPair with a watchdog that runs.
func watched(t testing.TB) *pair {
	t.Helper()
	p := newPair(t)
	run(t, p.dog)
	return p
}

func run(t testing.TB, dog *Watchdog) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { dog.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// overTLS makes a connection whose bytes are encrypted.
func (at place) overTLS(t testing.TB) *pair {
	t.Helper()
	return at.overTLSWith(t, func(far net.Conn) net.Conn { return far })
}

// overTLSWith is overTLS with something between the peer's TLS and its socket.
func (at place) overTLSWith(t testing.TB, between func(far net.Conn) net.Conn) *pair {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	near, far := sockets(t)
	peer := tls.Server(between(far), server.TLS)
	var greeting sync.WaitGroup
	greeting.Go(func() {
		if err := peer.Handshake(); err != nil {
			t.Errorf("handshake: %v", err)
		}
	})
	nc := tls.Client(Base(near), &tls.Config{InsecureSkipVerify: true, DynamicRecordSizingDisabled: true})
	if err := nc.Handshake(); err != nil {
		t.Fatal(err)
	}
	greeting.Wait()
	dog := NewWatchdog()
	run(t, dog)
	p := &pair{NewConn(nc, dog), peer, dog, at}
	p.Reloop(at.loop)
	t.Cleanup(func() { p.Close() })
	if p.Loop() != at.loop {
		t.Fatal("another loop watches, or none")
	}
	return p
}

// says has the peer send text.
func (p *pair) says(t testing.TB, text string) {
	t.Helper()
	if _, err := p.peer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// arrives is says, and waits until there is something to read. Nobody else may
// be reading.
func (p *pair) arrives(t testing.TB, text string) {
	t.Helper()
	p.says(t, text)
	testkit.Eventually(t, patience, func() error {
		if _, readable := p.Gone(); !readable {
			return errors.New("nothing has arrived")
		}
		return nil
	})
}

// hears reads n bytes at the peer.
func (p *pair) hears(t testing.TB, want string) {
	t.Helper()
	got := make([]byte, len(want))
	for n := 0; n < len(got); {
		m, err := p.peer.Read(got[n:])
		if n += m; err != nil {
			t.Fatalf("the peer got %q, %v, want %q", got[:n], err, want)
		}
	}
	if string(got) != want {
		t.Fatalf("the peer got %q, want %q", got, want)
	}
}

// takes has Fill find text.
func (p *pair) takes(t testing.TB, want string) {
	t.Helper()
	for len(p.Buffered()) < len(want) {
		if err := p.Fill(); err != nil {
			t.Fatalf("Fill: %v", err)
		}
	}
	if got := string(p.Buffered()); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	p.Discard(len(want))
}

// later runs f beside the test, which gets its error from the channel.
func later(f func() error) <-chan error {
	done := make(chan error, 1)
	var report = func() { done <- f() }
	go report()
	return done
}

func await(t testing.TB, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("still waiting")
		return nil
	}
}
