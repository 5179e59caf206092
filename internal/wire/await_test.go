package wire

import (
	"testing"
	"time"

	"pingap-go/internal/loop"
)

// awaits has the connection wait without a task, from its loop on, until there is
// something to do; then it is filled there. now says that there was something at once.
func (p *pair) awaits(t *testing.T) (done <-chan error, now bool) {
	t.Helper()
	filled := make(chan error, 1)
	woken := job(func(task *loop.Task) {
		p.For(task)
		p.Stirred()
		filled <- p.Conn.Fill()
	})
	waits := make(chan bool, 1)
	p.at.loop.Start(job(func(*loop.Task) { waits <- p.Await(woken) }))
	if <-waits {
		return filled, false
	}
	p.at.loop.Start(woken)
	return filled, true
}

// settle has the connection find that there is nothing to do.
func (p *pair) settle(t *testing.T) {
	t.Helper()
	p.Yield = true
	defer func() { p.Yield = false }()
	if err := await(t, later(p.Fill)); err != ErrIdle || p.buf != nil {
		t.Fatalf("got %v, buffer kept: %v", err, p.buf != nil)
	}
}

func TestAwaitEndsWithWhateverComes(t *testing.T) {
	for name, tt := range map[string]struct {
		come func(*testing.T, *pair)
		want string
	}{
		"bytes":     {func(t *testing.T, p *pair) { p.says(t, "x") }, ""},
		"the end":   {func(_ *testing.T, p *pair) { p.peer.Close() }, "EOF"},
		"a timeout": {func(_ *testing.T, p *pair) { p.SetTimeout(Tick) }, ErrTimeout.Error()},
		"interrupt": {func(_ *testing.T, p *pair) { p.Interrupt() }, ErrInterrupted.Error()},
		"sever":     {func(_ *testing.T, p *pair) { _ = p.Sever() }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, before := range []bool{false, true} {
				p := onLoop(t).pair(t)
				p.settle(t)
				if before {
					tt.come(t, p)
				}
				done, _ := p.awaits(t)
				if !before {
					tt.come(t, p)
				}
				err, got := await(t, done), ""
				if err != nil {
					got = err.Error()
				}
				if got != tt.want {
					t.Errorf("before the wait: %v: got %q, want %q", before, got, tt.want)
				}
			}
		})
	}
}

// A wait that ends and begins again, thousands of times, misses nothing.
func TestAwaitMissesNothing(t *testing.T) {
	p := onLoop(t).pair(t)
	said := make(chan bool)
	sent := later(func() error {
		for range said {
			if _, err := p.peer.Write([]byte("x")); err != nil {
				return err
			}
		}
		return nil
	})
	for range 3000 {
		p.settle(t)
		said <- true // while the wait begins
		done, _ := p.awaits(t)
		if err := await(t, done); err != nil || len(p.Buffered()) != 1 {
			t.Fatalf("%q, %v", p.Buffered(), err)
		}
		p.Discard(1)
	}
	close(said)
	if err := await(t, sent); err != nil {
		t.Error(err)
	}
}

// What ended one wait and was taken back does not end the next.
func TestAwaitGoesOnAfterResume(t *testing.T) {
	p := onLoop(t).pair(t)
	p.settle(t)
	done, _ := p.awaits(t)
	p.Interrupt()
	if err := await(t, done); err != ErrInterrupted {
		t.Fatalf("got %v", err)
	}
	p.Resume()
	p.settle(t)
	done, now := p.awaits(t)
	if now {
		t.Error("there is something to do at once")
	}
	p.says(t, "x")
	if err := await(t, done); err != nil {
		t.Errorf("after Resume: %v", err)
	}
}

// On a loop there is nothing to wait a tick for; beside it a wait is a wait.
func TestYieldIsAtOnceOnALoop(t *testing.T) {
	p := onLoop(t).pair(t)
	p.dog = NewWatchdog()
	for range 3 {
		p.settle(t)
		p.says(t, "x")
		p.takes(t, "x")
	}
	beside := place{loop: p.at.loop}.pair(t)
	beside.Yield = true
	done := later(beside.Fill)
	select {
	case err := <-done:
		t.Fatalf("beside the loop: %v", err)
	case <-time.After(3 * Tick):
	}
	beside.says(t, "x")
	if err := await(t, done); err != nil {
		t.Error(err)
	}
}

// What is queued is sent before a connection goes idle.
func TestYieldSendsWhatIsQueued(t *testing.T) {
	p := onLoop(t).pair(t)
	p.Queue([]byte("response"))
	p.settle(t)
	p.hears(t, "response")
}
