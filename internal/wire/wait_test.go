package wire

import (
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// tooMuch is more than all buffers on the way to a peer hold that does not read.
const tooMuch = 16 << 20

// waits are the ways to wait for a peer that does nothing.
var waits = map[string]func(*pair) error{
	"Fill":       func(p *pair) error { return p.Fill() },
	"Write":      func(p *pair) error { return p.Write(make([]byte, tooMuch)) },
	"WriteParts": func(p *pair) error { return p.WriteParts([]byte("a"), make([]byte, tooMuch), nil) },
	"queued":     func(p *pair) error { p.Queue(make([]byte, tooMuch)); return p.Fill() },
}

// starts waits in one of these ways beside the test.
func (p *pair) starts(kind string) <-chan error {
	return later(func() error { return waits[kind](p) })
}

func TestDeadlineEndsEveryKindOfWait(t *testing.T) { everyWait(t, deadlineEndsTheWait) }

func deadlineEndsTheWait(t *testing.T, p *pair, kind string) {
	began := time.Now()
	p.SetTimeout(100 * time.Millisecond)
	if err := await(t, p.starts(kind)); err != ErrTimeout {
		t.Fatalf("got %v", err)
	}
	if took := time.Since(began); took < 90*time.Millisecond || took > time.Second {
		t.Errorf("after %v", took)
	}
	if err := await(t, later(p.Fill)); err != ErrTimeout {
		t.Errorf("the next wait: %v", err)
	}
	p.SetTimeout(0)
	p.says(t, "x")
	if err := p.Fill(); err != nil {
		t.Errorf("without deadline: %v", err)
	}
}

// everyWait runs a test of each kind of wait in all places.
func everyWait(t *testing.T, test func(t *testing.T, p *pair, kind string)) {
	t.Helper()
	for kind := range waits {
		t.Run(kind, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p *pair) { test(t, p, kind) })
		})
	}
}

// On a machine that is too busy to look in time, a wait that has just begun is not
// over, whatever the last look's clock says.
func TestDeadlineIsNotEarlyWhenTheWatchdogIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		c := &Conn{}
		c.Init(ours, NewWatchdog())
		defer c.Close()
		c.dog.tick()
		time.Sleep(500 * time.Millisecond) // without a look
		c.SetTimeout(200 * time.Millisecond)
		began := time.Now()
		for c.Deadline() != fired {
			c.dog.tick()
			time.Sleep(Tick)
		}
		if took := time.Since(began); took < 200*time.Millisecond || took > 350*time.Millisecond {
			t.Errorf("200 ms were over after %v", took)
		}
		c.SetTimeout(200 * time.Millisecond)
		began = time.Now()
		for c.Deadline() != fired { // every look is late, but the deadline is an old one after the first
			time.Sleep(2 * Tick)
			c.dog.tick()
		}
		if took := time.Since(began); took < 200*time.Millisecond || took > 450*time.Millisecond {
			t.Errorf("with late looks 200 ms were over after %v", took)
		}
	})
}

func TestDeadlineThatPassesWhileNobodyWaitsIsForgottenWithTheNext(t *testing.T) {
	everywhere(t, deadlineIsForgottenWithTheNext)
}

func deadlineIsForgottenWithTheNext(t *testing.T, p *pair) {
	p.SetTimeout(time.Millisecond)
	for p.Deadline() != fired {
		p.dog.tick()
	}
	p.SetTimeout(time.Minute)
	if err := p.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	p.says(t, "y")
	p.takes(t, "y")
}

func TestInterruptEndsEveryKindOfWaitUntilResume(t *testing.T) { everyWait(t, interruptEndsTheWait) }

func interruptEndsTheWait(t *testing.T, p *pair, kind string) {
	p.SetTimeout(time.Hour)
	done := p.starts(kind)
	p.Interrupt()
	if err := await(t, done); err != ErrInterrupted {
		t.Fatalf("got %v", err)
	}
	if err := p.Fill(); err != ErrInterrupted {
		t.Errorf("the next wait: %v", err)
	}
	p.Resume()
	p.Queue(nil)
	p.says(t, "x")
	if err := p.Fill(); err != nil {
		t.Errorf("after Resume: %v", err)
	}
}

// A request's content may be written by one goroutine while another waits for
// the answer. Whatever ends the wait of one ends that of the other.
func TestReaderAndWriterBothSeeTheEnd(t *testing.T) {
	for name, end := range map[string]func(*pair){
		"deadline":  func(p *pair) { p.SetTimeout(50 * time.Millisecond) },
		"interrupt": func(p *pair) { p.Interrupt() },
		"both":      func(p *pair) { p.SetTimeout(time.Millisecond); p.Interrupt() },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p *pair) {
				if p.at.on { // a task waits for one thing at a time
					return
				}
				reader := later(p.Fill)
				writer := p.starts("Write")
				end(p)
				if err := await(t, reader); err != ErrTimeout && err != ErrInterrupted {
					t.Errorf("reader: %v", err)
				}
				if err := await(t, writer); err != ErrTimeout && err != ErrInterrupted {
					t.Errorf("writer: %v", err)
				}
			})
		})
	}
}

// Bytes are exchanged while deadlines pass, are moved, and kicks and interrupts
// come and are taken back: nothing may be lost and nobody may wait for ever.
func TestWakeUpsLoseNothing(t *testing.T) { everywhere(t, wakeUpsLoseNothing) }

func wakeUpsLoseNothing(t *testing.T, p *pair) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				p.Interrupt()
				p.Resume()
				p.interruptWith(kicked)
				p.SetDeadline(1)
				p.dog.tick()
				p.SetDeadline(0)
			}
		}
	})
	running.Go(func() {
		buf := make([]byte, 4)
		for {
			if _, err := p.peer.Read(buf); err != nil {
				return
			}
			if _, err := p.peer.Write([]byte("pong")); err != nil {
				return
			}
		}
	})
	for range 300 {
		p.Queue([]byte("ping"))
		for len(p.Buffered()) < 4 {
			if err := p.Fill(); err != nil && err != ErrInterrupted && err != ErrTimeout {
				t.Fatal(err)
			}
		}
		p.Discard(4)
	}
	close(stop)
	p.peer.Close()
	running.Wait()
}
