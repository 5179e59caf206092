package wire

import (
	"errors"
	"io"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// What TLS has read and not given out yet goes with a connection from poller to poller.
func TestTLSChangesItsPollerAndLosesNothing(t *testing.T) {
	for name, tt := range map[string]func(*testing.T, *pair){
		"nothing": func(t *testing.T, p *pair) {},
		"a record that TLS holds back": func(t *testing.T, p *pair) {
			for _, text := range []string{"one", "two"} {
				p.arrives(t, text)
			}
			p.takes(t, "one")
		},
		"an interrupt": func(t *testing.T, p *pair) { p.Interrupt() },
	} {
		t.Run(name, func(t *testing.T) {
			at := onLoop(t)
			for _, from := range []place{{}, at} {
				p := from.overTLS(t)
				tt(t, p)
				if from.loop == nil {
					p.Reloop(at.loop)
					p.at = at
				} else {
					p.unloops(t)
				}
				if name == "an interrupt" {
					if err := p.Fill(); err != ErrInterrupted {
						t.Errorf("got %v", err)
					}
					p.Resume()
				}
				if name == "a record that TLS holds back" {
					p.takes(t, "two")
				}
				p.Queue([]byte("ping"))
				done := later(p.Fill)
				p.hears(t, "ping")
				p.says(t, "pong")
				if err := await(t, done); err != nil || string(p.Buffered()) != "pong" {
					t.Errorf("afterwards: %q, %v", p.Buffered(), err)
				}
				if p.Close() != nil || p.dog.Len() != 0 {
					t.Errorf("%d are watched", p.dog.Len())
				}
			}
		})
	}
}

func TestReloopBesideOthers(t *testing.T) {
	at := onLoop(t)
	for range 100 {
		p := place{}.overTLS(t)
		p.besideOthers(t, func() { p.Reloop(at.loop); p.at = at })
	}
}

// Whether a kept connection was touched is known without a look at its socket, and a
// record that TLS holds back counts.
func TestTouchedKnowsWhatTLSHolds(t *testing.T) {
	p := onLoop(t).overTLS(t)
	for range 2 {
		p.arrives(t, "one")
		p.takes(t, "one")
		for range 2 {
			if p.Touched() {
				t.Fatal("touched, with nothing to read")
			}
		}
	}
	p.arrives(t, "one")
	p.says(t, "two")
	p.takes(t, "one")
	testkit.Eventually(t, patience, func() error {
		if !p.Touched() {
			return errors.New("not touched, with a record to read")
		}
		return nil
	})
}

// Whoever is interrupted says goodbye all the same, to a peer that takes it.
func TestFarewellAfterAnInterrupt(t *testing.T) {
	everywhereOverTLS(t, func(t *testing.T, at place) {
		p := at.overTLS(t)
		p.Write([]byte("all"))
		p.Interrupt()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(p.peer); string(got) != "all" || err != nil {
			t.Errorf("the peer got %q, %v", got, err)
		}
	})
}

// A farewell waits for room, and not for ever.
func TestWritesUnderADeadlineToCome(t *testing.T) {
	for name, at := range places(t) {
		t.Run(name, func(t *testing.T) {
			p := at.pair(t)
			began := time.Now()
			err := await(t, later(func() error {
				return at.do(func() error {
					_ = p.nc.SetWriteDeadline(time.Now().Add(2 * Tick))
					_, err := p.nc.Write(make([]byte, 64<<20))
					return err
				}, p.Conn)
			}))
			if late, ok := errors.AsType[interface {
				error
				Timeout() bool
			}](err); !ok || !late.Timeout() || time.Since(began) < 2*Tick {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		})
	}
}

// Where there is no room for a farewell, who hurries leaves without one: a wait that is
// nobody's would be its loop's.
func TestHurriedFarewellDoesNotWait(t *testing.T) {
	at := onLoop(t)
	p := at.overTLS(t)
	for err := error(nil); err == nil; {
		_, err = writeFD(p.own.FD(), make([]byte, 1<<20)) // the peer does not read
	}
	began := time.Now()
	err := await(t, later(func() error {
		return at.do(func() error { p.Hurry(); return p.Conn.Close() })
	}))
	if took := time.Since(began); !errors.Is(err, errNothing) || took > 2*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

// An upload beside an answer: one goroutine writes while another reads.
func TestBothDirectionsAtOnceOverTLS(t *testing.T) {
	everywhereOverTLS(t, func(t *testing.T, at place) {
		if at.on {
			return // one task does one thing at a time
		}
		p := at.overTLS(t)
		const size = 8 << 20
		echoed := later(func() error { _, err := io.CopyN(p.peer, p.peer, size); return err })
		sent := later(func() error { return p.Write(make([]byte, size)) })
		for n := 0; n < size; {
			if err := await(t, later(p.Fill)); err != nil {
				t.Fatalf("after %d bytes: %v", n, err)
			}
			n += len(p.Buffered())
			p.Discard(len(p.Buffered()))
		}
		if err := errors.Join(await(t, sent), await(t, echoed)); err != nil {
			t.Error(err)
		}
	})
}
