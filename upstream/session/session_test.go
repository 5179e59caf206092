package session_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pingap-go/internal/testkit"
	"pingap-go/upstream/session"
)

const patience = 10 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is a server of HTTP/2 with prior knowledge, and who dials it.
type host struct {
	addr    string
	server  *http.Server
	dials   atomic.Int64
	release chan struct{} // requests end when something can be read from it
}

func newHost(t *testing.T, streams int) *host {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{addr: l.Addr().String(), release: make(chan struct{})}
	h.server = &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-h.release }),
		Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streams}, ErrorLog: log.New(io.Discard, "", 0),
	}
	h.server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.server.Serve(l)
	}()
	t.Cleanup(func() { _ = h.server.Close(); <-done })
	return h
}

func (h *host) dial(ctx context.Context, _ time.Duration) (net.Conn, error) {
	h.dials.Add(1)
	return new(net.Dialer).DialContext(ctx, "tcp", h.addr)
}

// request makes one request and ends it.
func request(t *testing.T, g *session.Group, h *host) error {
	c, _, err := g.Join(t.Context(), 0, h.dial)
	if err != nil {
		return err
	}
	defer c.Done()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+h.addr+"/", nil)
	if err != nil {
		return err
	}
	res, err := c.RoundTrip(r)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func newGroup(t *testing.T, rules session.Rules) *session.Group {
	g := session.NewGroup(session.NewTransport(), rules)
	t.Cleanup(g.Close)
	return g
}

// All who need the first connection wait for one dial, and share what it gives.
func TestOneDialsForAll(t *testing.T) {
	h := newHost(t, 250)
	close(h.release)
	g := newGroup(t, session.Rules{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := request(t, g, h); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := h.dials.Load(); n != 1 || g.Len() != 1 {
		t.Errorf("%d dials, %d connections", n, g.Len())
	}
}

func TestMoreConnectionsWhenStreamsAreUsedUp(t *testing.T) {
	h := newHost(t, 2)
	g := newGroup(t, session.Rules{})
	var all sync.WaitGroup
	all.Go(func() { // lets the host say how many streams it has
		if err := request(t, g, h); err != nil {
			t.Error(err)
		}
	})
	h.release <- struct{}{}
	all.Wait()
	for range 5 {
		all.Go(func() {
			// Until a new connection's SETTINGS have come it takes more than it has
			// streams for, and the host refuses those; a proxy tries them again.
			err := request(t, g, h)
			for tries := 1; err != nil && tries < 10; tries++ {
				err = request(t, g, h)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range 5 {
		h.release <- struct{}{}
	}
	all.Wait()
	if n := h.dials.Load(); n < 1 || n > 3 {
		t.Errorf("%d connections for 5 requests, two on each", n)
	}
}

func TestAFailedDialIsEverybodysFailure(t *testing.T) {
	g := newGroup(t, session.Rules{})
	refused := errors.New("refused")
	waiting, dials := make(chan struct{}), atomic.Int64{}
	dial := func(context.Context, time.Duration) (net.Conn, error) {
		dials.Add(1)
		<-waiting
		return nil, refused
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, _, err := g.Join(t.Context(), patience, dial); !errors.Is(err, refused) {
				t.Errorf("%v", err)
			}
		})
	}
	testkit.Eventually(t, patience, func() error {
		if dials.Load() == 0 {
			return errors.New("nobody dials")
		}
		return nil
	})
	close(waiting)
	all.Wait()
	if n := dials.Load(); n > 10 {
		t.Errorf("%d dials", n)
	}
}

// A dial that only its own request has ended is not the end for the others.
func TestWaitersOutliveTheDialler(t *testing.T) {
	h := newHost(t, 10)
	close(h.release)
	g := newGroup(t, session.Rules{})
	ctx, giveUp := context.WithCancel(t.Context())
	begun := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, _, err := g.Join(ctx, 0, func(ctx context.Context, _ time.Duration) (net.Conn, error) {
			close(begun)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the dialler: %v", err)
		}
	})
	<-begun
	all.Go(func() {
		if err := request(t, g, h); err != nil {
			t.Errorf("who waited: %v", err)
		}
	})
	giveUp()
	all.Wait()
}

// Each waits for as long as it may itself, and not for as long as the one who dials.
func TestWaitersHaveTheirOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := session.NewGroup(session.NewTransport(), session.Rules{})
		began := time.Now()
		deaf := func(_ context.Context, within time.Duration) (net.Conn, error) {
			time.Sleep(within)
			return nil, os.ErrDeadlineExceeded
		}
		var all sync.WaitGroup
		for n, within := range []time.Duration{2 * time.Second, time.Second, 5 * time.Second, 3 * time.Second} {
			time.Sleep(time.Millisecond) // the first is the one who dials
			all.Go(func() {
				_, _, err := g.Join(t.Context(), within, deaf)
				took := time.Since(began)
				if !errors.Is(err, os.ErrDeadlineExceeded) || took < within || took > within+10*time.Millisecond {
					t.Errorf("number %d, who may wait for %s, waited for %s: %v", n, within, took, err)
				}
			})
		}
		all.Wait()
	})
}

func TestConnectionsEnd(t *testing.T) {
	h := newHost(t, 10)
	close(h.release)
	ask := func(g *session.Group) {
		t.Helper()
		if err := request(t, g, h); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("after as many requests as they may carry", func(t *testing.T) {
		g := newGroup(t, session.Rules{Requests: 2})
		ask(g)
		if g.Len() != 1 {
			t.Error("too early")
		}
		if ask(g); g.Len() != 0 {
			t.Error("too late")
		}
	})
	t.Run("when they have been idle", func(t *testing.T) {
		g := newGroup(t, session.Rules{})
		ask(g)
		if g.Sweep(time.Hour); g.Len() != 1 {
			t.Error("too early")
		}
		if g.Sweep(time.Nanosecond); g.Len() != 0 {
			t.Error("too late")
		}
	})
	t.Run("when the host has moved", func(t *testing.T) {
		g := newGroup(t, session.Rules{})
		ask(g)
		if g.Retire(); g.Len() != 0 {
			t.Error("they stay")
		}
	})
	t.Run("with their last request, when all is over", func(t *testing.T) {
		g := newGroup(t, session.Rules{})
		c, _, err := g.Join(t.Context(), 0, h.dial)
		if err != nil {
			t.Fatal(err)
		}
		if g.Close(); g.Len() != 1 {
			t.Error("too early")
		}
		if c.Done(); g.Len() != 0 {
			t.Error("too late")
		}
	})
	t.Run("when a request has timed out", func(t *testing.T) {
		g := newGroup(t, session.Rules{})
		c, _, err := g.Join(t.Context(), 0, h.dial)
		if err != nil {
			t.Fatal(err)
		}
		c.Retire()
		if c.Done(); g.Len() != 0 {
			t.Error("it stays")
		}
	})
}
