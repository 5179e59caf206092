package wire

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/loop"
	"pingap-go/internal/testkit"
)

// unloops gives a connection to Go's poller, from its loop on.
func (p *pair) unloops(t *testing.T) {
	t.Helper()
	plain := p.Plain()
	if err := p.at.do(p.Unloop, p.Conn); err != nil {
		t.Fatal(err)
	}
	p.at = place{}
	if _, tcp := beneath(p.NetConn()).(*net.TCPConn); p.Loop() != nil || !tcp || p.Plain() != plain {
		t.Fatalf("loop %v, connection %T, plain %v", p.Loop(), p.NetConn(), p.Plain())
	}
}

// Whatever is under way when a connection leaves its loop is so afterwards.
func TestUnloopChangesNothingElse(t *testing.T) {
	for name, tt := range map[string]func(*testing.T, *pair){
		"nothing":  func(t *testing.T, p *pair) { p.unloops(t) },
		"buffered": func(t *testing.T, p *pair) { p.says(t, "ab"); p.Fill(); p.unloops(t); p.takes(t, "ab") },
		"unread":   func(t *testing.T, p *pair) { p.arrives(t, "ab"); p.unloops(t); p.takes(t, "ab") },
		"both": func(t *testing.T, p *pair) {
			p.says(t, "a")
			p.Fill()
			p.says(t, "b")
			p.unloops(t)
			p.takes(t, "ab")
		},
		"an interrupt": func(t *testing.T, p *pair) {
			p.Interrupt()
			p.unloops(t)
			if err := await(t, later(p.Fill)); err != ErrInterrupted {
				t.Errorf("got %v", err)
			}
			p.Resume()
		},
		"a time-out": func(t *testing.T, p *pair) {
			p.SetTimeout(2 * Tick)
			p.unloops(t)
			if err := await(t, later(p.Fill)); err != ErrTimeout {
				t.Errorf("got %v", err)
			}
			p.SetTimeout(0)
		},
		"a time-out that has passed": func(t *testing.T, p *pair) {
			p.SetTimeout(Tick)
			if err := await(t, later(p.Fill)); err != ErrTimeout {
				t.Errorf("got %v", err)
			}
			p.unloops(t)
			if err := await(t, later(p.Fill)); err != ErrTimeout {
				t.Errorf("got %v", err)
			}
			p.SetTimeout(0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := onLoop(t).pair(t)
			tt(t, p)
			p.Queue([]byte("ping"))
			done := later(p.Fill)
			p.hears(t, "ping")
			p.says(t, "pong")
			if err := await(t, done); err != nil || string(p.Buffered()) != "pong" {
				t.Errorf("afterwards: %q, %v", p.Buffered(), err)
			}
			p.Discard(4)
			p.peer.Close()
			if err := await(t, later(p.Fill)); err != io.EOF {
				t.Errorf("in the end: %v", err)
			}
			if p.Close() != nil || p.dog.Len() != 0 {
				t.Errorf("%d are watched", p.dog.Len())
			}
		})
	}
}

func TestUnloopBesideOthers(t *testing.T) {
	for range 200 {
		p := onLoop(t).pair(t)
		p.besideOthers(t, func() { p.unloops(t) })
	}
}

// besideOthers has the connection change its poller while the watchdog, and who severs or
// interrupts, may come at any moment.
func (p *pair) besideOthers(t *testing.T, change func()) {
	t.Helper()
	var others sync.WaitGroup
	others.Go(func() { p.Interrupt(); p.Resume(); p.SetTimeout(time.Minute) })
	others.Go(func() { p.dog.tick(); p.Gone() })
	change()
	others.Wait()
	p.says(t, "x")
	p.takes(t, "x")
	others.Go(func() { _ = p.Sever() })
	if err := await(t, later(p.Fill)); err == nil {
		t.Error("it is not severed")
	}
	others.Wait()
	p.Close()
	p.peer.Close()
}

// Whoever severs a connection on its way from the loop to Go's poller finds neither
// descriptor at some moment.
func TestSeverDuringUnloopIsNotLost(t *testing.T) {
	at, dog := onLoop(t), NewWatchdog()
	for range 500 {
		near, far := sockets(t)
		p := &pair{NewConn(Looped(near, at.loop), dog), far, dog, at}
		begun := make(chan struct{})
		severed := later(func() error { <-begun; _ = p.Sever(); return nil })
		unlooped := at.do(func() error { close(begun); return p.Unloop() }, p.Conn)
		_ = await(t, severed)
		if unlooped != nil {
			t.Fatal(unlooped)
		}
		if _, err := p.peer.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("the peer: %v", err)
		}
		if err := p.Conn.Fill(); err == nil {
			t.Error("Fill went well")
		}
		p.Close()
		far.Close()
	}
}

func TestUnloopOfWhatIsClosedFails(t *testing.T) {
	p := onLoop(t).pair(t)
	p.Close()
	if err := p.Unloop(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestSeverEndsAWaitAnywhere(t *testing.T) {
	everyWait(t, func(t *testing.T, p *pair, kind string) {
		done := p.starts(kind)
		if err := p.Sever(); err != nil {
			t.Error(err)
		}
		if err := await(t, done); err == nil {
			t.Error("nothing has ended it")
		}
	})
}

func TestDetachedConnectionsGoOn(t *testing.T) {
	everywhere(t, func(t *testing.T, p *pair) {
		p.says(t, "ab")
		p.Fill()
		p.SetTimeout(Tick)
		nc, read := p.Detach()
		defer nc.Close()
		p.For(nil)
		if string(read) != "ab" || p.dog.Len() != 0 {
			t.Errorf("%q was read, %d are watched", read, p.dog.Len())
		}
		p.says(t, "cd")
		if got, err := io.ReadAll(io.LimitReader(nc, 2)); string(got) != "cd" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := nc.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
		p.hears(t, "hello")
	})
}

func TestAConnectionGoesToAnotherLoop(t *testing.T) {
	group := startLoops(t, 2)
	if group == nil {
		testkit.SkipOrFail(t, loop.ErrNone.Error())
	}
	first, second := place{group.Least(), true}, place{group.Least(), true}
	p := first.pair(t)
	p.arrives(t, "before")
	if !p.On(second.loop) || p.Loop() != second.loop {
		t.Fatal("it stays where it was")
	}
	p.at = second
	p.takes(t, "before")
	done := later(p.Fill)
	p.says(t, "after")
	if err := await(t, done); err != nil || string(p.Buffered()) != "after" {
		t.Errorf("%q, %v", p.Buffered(), err)
	}
	if watched(t).On(first.loop) {
		t.Error("one that no loop watches")
	}
}
