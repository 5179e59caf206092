package wire

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// piped is two connections with a pipe between them.
func piped(t *testing.T) (src, dst *pair, pipe *Pipe) {
	t.Helper()
	src, dst = watched(t), watched(t)
	if !dst.CanSplice(src.Conn) {
		t.Fatal("two plain sockets cannot be spliced")
	}
	pipe, err := TakePipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pipe.Give)
	return src, dst, pipe
}

// Deadlines, kicks and interrupts may end any wait. What was taken from the one
// side must be there when the move to the other goes on.
func TestPipeLosesNothingToWakeUps(t *testing.T) {
	src, dst, pipe := piped(t)
	data := make([]byte, 8<<20)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	sent := later(func() error { _, err := src.peer.Write(data); return err })
	got := later(func() error {
		received := make([]byte, len(data))
		if _, err := io.ReadFull(dst.peer, received); err != nil {
			return err
		}
		if !bytes.Equal(received, data) {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	stop := make(chan struct{})
	var disturbing sync.WaitGroup
	disturbing.Go(func() { disturb(stop, src.Conn, dst.Conn) })
	for left := int64(len(data)); left > 0; {
		n, err := pipe.From(src.Conn, left)
		if err != nil {
			continue // a wake-up: nothing was taken
		}
		left -= n
		for pipe.To(dst.Conn) != nil { // it goes on where it was
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

func TestPipeKnowsWhoIsWaitedFor(t *testing.T) {
	src, dst, pipe := piped(t)
	src.SetTimeout(10 * time.Millisecond)
	dst.SetTimeout(time.Millisecond)
	if n, err := pipe.From(src.Conn, 100); n != 0 || err != ErrTimeout {
		t.Errorf("a source that says nothing: %d, %v", n, err)
	}
	src.SetTimeout(0)
	full := later(func() error { _, err := src.peer.Write(make([]byte, tooMuch)); return err })
	var err error
	for err == nil {
		dst.SetTimeout(50 * time.Millisecond)
		if _, err = pipe.From(src.Conn, tooMuch); err != nil {
			t.Fatalf("a source with more to say: %v", err)
		}
		err = pipe.To(dst.Conn)
	}
	if err != ErrTimeout {
		t.Errorf("a destination that does not read: %v", err)
	}
	src.peer.Close()
	await(t, full)
}

func TestPipeSeesTheEnd(t *testing.T) {
	src, dst, pipe := piped(t)
	src.says(t, "last")
	src.peer.Close()
	for n := int64(0); n < 4; {
		m, err := pipe.From(src.Conn, 100)
		if n += m; err != nil {
			t.Fatal(err)
		}
		if err := pipe.To(dst.Conn); err != nil {
			t.Fatal(err)
		}
	}
	dst.hears(t, "last")
	if _, err := pipe.From(src.Conn, 100); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}
