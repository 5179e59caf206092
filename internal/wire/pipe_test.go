package wire

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// piped is two connections in one place with a pipe between them.
type piped struct {
	src, dst *pair
	pipe     *Pipe
}

// everyPipe runs a test of a pipe in all places.
func everyPipe(t *testing.T, test func(*testing.T, piped)) {
	t.Helper()
	for name, at := range places(t) {
		t.Run(name, func(t *testing.T) {
			src, dst := at.pair(t), at.pair(t)
			if !dst.CanSplice(src.Conn) {
				t.Fatal("two plain sockets cannot be spliced")
			}
			pipe, err := TakePipe()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pipe.Give)
			test(t, piped{src, dst, pipe})
		})
	}
}

// from is the pipe's From, where the connections are.
func (p piped) from(most int64) (n int64, err error) {
	err = p.src.at.do(func() (err error) { n, err = p.pipe.From(p.src.Conn, most); return err }, p.src.Conn, p.dst.Conn)
	return n, err
}

// to is the pipe's To.
func (p piped) to() error {
	return p.src.at.do(func() error { return p.pipe.To(p.dst.Conn) }, p.src.Conn, p.dst.Conn)
}

// Deadlines, kicks and interrupts may end any wait. What was taken from the one
// side must be there when the move to the other goes on.
func TestPipeLosesNothingToWakeUps(t *testing.T) { everyPipe(t, pipeLosesNothingToWakeUps) }

func pipeLosesNothingToWakeUps(t *testing.T, p piped) {
	data := make([]byte, 8<<20)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	sent := later(func() error { _, err := p.src.peer.Write(data); return err })
	got := later(func() error {
		received := make([]byte, len(data))
		if _, err := io.ReadFull(p.dst.peer, received); err != nil {
			return err
		}
		if !bytes.Equal(received, data) {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	stop := make(chan struct{})
	var disturbing sync.WaitGroup
	disturbing.Go(func() { disturb(stop, p.src.Conn, p.dst.Conn) })
	for left := int64(len(data)); left > 0; {
		n, err := p.from(left)
		if err != nil {
			continue // a wake-up: nothing was taken
		}
		left -= n
		for p.to() != nil { // it goes on where it was
		}
	}
	close(stop)
	disturbing.Wait()
	if err := await(t, sent); err != nil {
		t.Error(err)
	}
	if err := await(t, got); err != nil {
		t.Errorf("what arrived is not what was sent: %v", err)
	}
}

// disturb wakes waits up for every reason there is.
func disturb(stop <-chan struct{}, conns ...*Conn) {
	tick := time.NewTicker(100 * time.Microsecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			for _, c := range conns {
				c.interruptWith(kicked)
				c.Interrupt()
				c.Resume()
			}
		}
	}
}

func TestPipeKnowsWhoIsWaitedFor(t *testing.T) { everyPipe(t, pipeKnowsWhoIsWaitedFor) }

func pipeKnowsWhoIsWaitedFor(t *testing.T, p piped) {
	p.src.SetTimeout(10 * time.Millisecond)
	p.dst.SetTimeout(time.Millisecond)
	if n, err := p.from(100); n != 0 || err != ErrTimeout {
		t.Errorf("a source that says nothing: %d, %v", n, err)
	}
	p.src.SetTimeout(0)
	full := later(func() error { _, err := p.src.peer.Write(make([]byte, tooMuch)); return err })
	var err error
	for err == nil {
		p.dst.SetTimeout(50 * time.Millisecond)
		if _, err = p.from(tooMuch); err != nil {
			t.Fatalf("a source with more to say: %v", err)
		}
		err = p.to()
	}
	if err != ErrTimeout {
		t.Errorf("a destination that does not read: %v", err)
	}
	p.src.peer.Close()
	await(t, full)
}

func TestPipeSeesTheEnd(t *testing.T) { everyPipe(t, pipeSeesTheEnd) }

func pipeSeesTheEnd(t *testing.T, p piped) {
	p.src.says(t, "last")
	p.src.peer.Close()
	for n := int64(0); n < 4; {
		m, err := p.from(100)
		if n += m; err != nil {
			t.Fatal(err)
		}
		if err := p.to(); err != nil {
			t.Fatal(err)
		}
	}
	p.dst.hears(t, "last")
	if _, err := p.from(100); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}
