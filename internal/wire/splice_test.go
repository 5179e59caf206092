package wire

import (
	"io"
	"net"
	"testing"
	"time"
)

// pairOf is a connection over TCP: our end, and the peer's.
func pairOf(t *testing.T, dog *Watchdog) (*Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := NewConn(near, dog)
	t.Cleanup(func() {
		_ = c.Close()
		_ = far.Close()
	})
	return c, far
}

// The watchdog may kick either side at any moment. What is in the pipe then must
// arrive: a byte that is lost is a body that is wrong.
func TestSpliceLosesNothingWhenKicked(t *testing.T) {
	const size = 16 << 20
	dog := NewWatchdog()
	src, sender := pairOf(t, dog)
	dst, receiver := pairOf(t, dog)
	go func() {
		block := make([]byte, 64<<10)
		for n := range block {
			block[n] = byte(n)
		}
		for range size / len(block) {
			if _, err := sender.Write(block); err != nil {
				return
			}
		}
	}()
	done := make(chan struct{})
	kicking := make(chan struct{})
	go func() {
		defer close(kicking)
		ticker := time.NewTicker(200 * time.Microsecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				dst.interruptWith(kicked)
				src.interruptWith(kicked)
			case <-done:
				return
			}
		}
	}()
	moved := make(chan error, 1)
	go func() {
		n, from, to := dst.Splice(src, size)
		if n != size {
			t.Errorf("%d bytes of %d were moved: %v, %v", n, size, from, to)
		}
		moved <- dst.CloseWrite()
	}()
	_ = receiver.SetReadDeadline(time.Now().Add(20 * time.Second))
	got, wrong := 0, 0
	buf := make([]byte, 4<<10)
	for {
		n, err := receiver.Read(buf)
		for _, b := range buf[:n] {
			if b != byte(got) {
				wrong++
			}
			got++
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("after %d bytes: %v", got, err)
		}
	}
	if got != size || wrong > 0 {
		t.Errorf("%d bytes of %d arrived, %d of them wrong", got, size, wrong)
	}
	close(done)
	<-kicking
	if err := <-moved; err != nil {
		t.Error(err)
	}
}
