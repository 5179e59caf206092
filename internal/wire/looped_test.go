package wire

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// The end of the stream may come with the last bytes, in one edge: a read that finds
// these and leaves room must not wait for another.
func TestTheEndBehindBytesIsSeen(t *testing.T) {
	for name, at := range places(t) {
		t.Run(name, func(t *testing.T) {
			for range 100 {
				p := at.pair(t)
				done := later(func() error {
					for {
						if err := p.Fill(); err != nil {
							return err
						}
					}
				})
				if rand.IntN(2) == 0 {
					p.says(t, "first")
				}
				p.says(t, "last")
				p.peer.Close()
				if err := await(t, done); err != io.EOF || !bytes.HasSuffix(p.Buffered(), []byte("last")) {
					t.Fatalf("%q, %v", p.Buffered(), err)
				}
			}
		})
	}
}

// The same when all has come before anybody looks.
func TestTheEndBehindUnreadBytesIsSeen(t *testing.T) {
	everywhere(t, func(t *testing.T, p *pair) {
		p.says(t, "last")
		p.peer.Close()
		testkit.Eventually(t, patience, func() error {
			ended := false
			_ = p.sock.Control(func(fd uintptr) { ended = endedFD(fd) })
			if !ended {
				return errors.New("the end has not come")
			}
			return nil
		})
		p.takes(t, "last")
		if err := await(t, later(p.Fill)); err != io.EOF {
			t.Errorf("got %v", err)
		}
	})
}

// A read that fills the buffer may have left something, or nothing.
func TestReadsThatFillTheBufferAreFollowedByAnother(t *testing.T) {
	for name, size := range map[string]int{
		"as much as fits": SmallBuffer, "a byte less": SmallBuffer - 1, "a byte more": SmallBuffer + 1, "thrice": 3 * SmallBuffer,
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p *pair) {
				data := bulk()[:size]
				p.arrives(t, string(data))
				var got []byte
				for range 2 { // the second time on a connection that has waited
					for got = nil; len(got) < size; p.Discard(len(p.Buffered())) {
						if err := await(t, later(p.Fill)); err != nil {
							t.Fatal(err)
						}
						got = append(got, p.Buffered()...)
					}
					if !bytes.Equal(got, data) {
						t.Fatal("what was read is not what was sent")
					}
					done := later(p.Fill) // nothing is left
					p.says(t, "x")
					if err := await(t, done); err != nil || string(p.Buffered()) != "x" {
						t.Fatalf("%.20q, %v", p.Buffered(), err)
					}
					p.Discard(1)
					p.says(t, string(data))
				}
			})
		})
	}
}

// Pieces of all sizes pass, however the reader and the writer meet.
func TestPiecesOfAllSizesArrive(t *testing.T) {
	everywhere(t, func(t *testing.T, p *pair) {
		data := bulk()
		sent := later(func() error {
			for rest := data; len(rest) > 0; {
				n := min(len(rest), 1+rand.IntN(100_000))
				if _, err := p.peer.Write(rest[:n]); err != nil {
					return err
				}
				rest = rest[n:]
			}
			return nil
		})
		p.Large(true)
		for rest := data; len(rest) > 0; {
			if len(p.Buffered()) == 0 || rand.IntN(2) == 0 && len(p.Buffered()) < len(rest) {
				if err := p.Fill(); err != nil && err != ErrBufferFull {
					t.Fatalf("with %d bytes left: %v", len(rest), err)
				}
			}
			n := 1 + rand.IntN(len(p.Buffered()))
			if !bytes.HasPrefix(rest, p.Buffered()[:n]) {
				t.Fatalf("with %d bytes left they are others", len(rest))
			}
			p.Discard(n)
			rest = rest[n:]
		}
		if err := await(t, sent); err != nil {
			t.Error(err)
		}
	})
}

// A reader that takes its time has the parts cut anywhere.
func TestPartsArriveWholeAtASlowReader(t *testing.T) {
	everywhere(t, func(t *testing.T, p *pair) {
		head, body, tail := bulk()[:100_000], bulk(), bulk()[:1000]
		sent := later(func() error { return p.WriteParts(head, body, tail) })
		got := make([]byte, 0, len(head)+len(body)+len(tail))
		for len(got) < cap(got) {
			n, err := p.peer.Read(got[len(got):min(len(got)+1+rand.IntN(300_000), cap(got))])
			if got = got[:len(got)+n]; err != nil {
				t.Fatalf("after %d bytes: %v", len(got), err)
			}
		}
		if err := await(t, sent); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(got, bytes.Join([][]byte{head, body, tail}, nil)) {
			t.Error("what arrived is not what was sent")
		}
	})
}

func TestFillWithinIsExact(t *testing.T) {
	everywhere(t, func(t *testing.T, p *pair) {
		within := func(d time.Duration) error {
			return await(t, later(func() error {
				return p.at.do(func() error { return p.FillWithin(d) }, p.Conn)
			}))
		}
		p.SetTimeout(time.Minute)
		began := time.Now()
		if err := within(5 * time.Millisecond); err != ErrTimeout || time.Since(began) < 5*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		p.says(t, "x")
		if err := within(time.Minute); err != nil || string(p.Buffered()) != "x" {
			t.Errorf("%q, %v", p.Buffered(), err)
		}
		p.Discard(1)
		p.SetTimeout(Tick) // the time-out stands beside it
		if err := within(time.Minute); err != ErrTimeout {
			t.Errorf("with a time-out that is shorter: %v", err)
		}
		p.SetTimeout(0)
		done := later(p.Fill) // and none of it is left
		p.says(t, "y")
		if err := await(t, done); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// The time of FillWithin is for what comes. It cuts off nothing of what was queued.
func TestFillWithinSendsAllThatIsQueued(t *testing.T) {
	data := bulk()
	data = append(data, data...) // more than the system takes
	for name, at := range places(t) {
		if at.loop == nil {
			continue // nobody sees there that the time has run out
		}
		t.Run(name, func(t *testing.T) {
			p := at.pair(t)
			p.Queue(data)
			done := later(func() error {
				return p.at.do(func() error { return p.FillWithin(time.Millisecond) }, p.Conn)
			})
			testkit.Eventually(t, patience, func() error {
				select {
				case err := <-done:
					t.Fatalf("it has ended before all was sent: %v", err)
				default:
				}
				if p.own.MayRead() == nil {
					return errors.New("the time has not run out")
				}
				return nil
			})
			got := make([]byte, len(data))
			if n, err := io.ReadFull(p.peer, got); err != nil || !bytes.Equal(got, data) {
				t.Errorf("the peer got %d of %d bytes, or others: %v", n, len(data), err)
			}
			if err := await(t, done); err != ErrTimeout {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Who never has to wait is to be stopped too.
func TestInterruptStopsWhoAlwaysFindsSomething(t *testing.T) {
	for name, move := range map[string]func(*pair) error{
		"Fill":  (*pair).Fill,
		"Write": func(p *pair) error { return p.Write(make([]byte, 1000)) },
		"Pipe": func(p *pair) error {
			pipe, err := TakePipe()
			if err != nil {
				return err
			}
			defer pipe.Give()
			_, err = pipe.From(p.Conn, 1)
			if err == nil {
				err = pipe.To(p.Conn)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p *pair) {
				p.arrives(t, "something")
				p.Interrupt()
				if err := await(t, later(func() error { return move(p) })); err != ErrInterrupted {
					t.Fatalf("got %v", err)
				}
				p.Resume()
				if err := await(t, later(func() error { return move(p) })); err != nil {
					t.Errorf("after Resume: %v", err)
				}
			})
		})
	}
}
