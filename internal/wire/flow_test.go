package wire

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"pingap-go/internal/testkit"
)

// bulk is more than any buffer on the way holds.
func bulk() []byte {
	data := make([]byte, 8<<20)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	return data
}

func TestFlowMovesBulkAndPiecesAlike(t *testing.T) {
	at := places(t)
	for name, ends := range map[string]func(*testing.T) (from, to *pair){
		"a goroutine":           func(t *testing.T) (from, to *pair) { return watched(t), watched(t) },
		"beside a loop":         func(t *testing.T) (from, to *pair) { p := at["beside a loop"]; return p.pair(t), p.pair(t) },
		"on a loop":             func(t *testing.T) (from, to *pair) { p := at["on a loop"]; return p.pair(t), p.pair(t) },
		"from TLS":              func(t *testing.T) (from, to *pair) { return place{}.overTLS(t), watched(t) },
		"from TLS, past a loop": func(t *testing.T) (from, to *pair) { return place{}.overTLS(t), at["beside a loop"].pair(t) },
		"from TLS, beside it":   func(t *testing.T) (from, to *pair) { return at["beside a loop"].overTLS(t), watched(t) },
		"to TLS":                func(t *testing.T) (from, to *pair) { return watched(t), place{}.overTLS(t) },
		"to TLS, beside a loop": func(t *testing.T) (from, to *pair) { return watched(t), at["beside a loop"].overTLS(t) },
		"to TLS, past a loop":   func(t *testing.T) (from, to *pair) { return at["beside a loop"].pair(t), place{}.overTLS(t) },
	} {
		t.Run(name, func(t *testing.T) { flowMovesBulkAndPiecesAlike(t, flowing(ends(t))) })
	}
}

// flowing is a Flow between two connections that are served in one place.
func flowing(from, to *pair) *flow {
	return &flow{Flow{From: from.Conn, To: to.Conn}, from, to}
}

type flow struct {
	Flow
	from, to *pair
}

// run runs it until one of the two fails.
func (f *flow) run() (read, write error) {
	_ = f.from.at.do(func() error { read, write = f.Run(); return nil }, f.From, f.To)
	return read, write
}

func flowMovesBulkAndPiecesAlike(t *testing.T, f *flow) {
	done := later(func() error { read, write := f.run(); return cause(read, write) })
	for _, piece := range []string{"hello", "again"} {
		f.from.says(t, piece)
		f.to.hears(t, piece)
	}
	data := bulk()
	sent := later(func() error {
		_, err := f.from.peer.Write(data)
		f.from.peer.(interface{ CloseWrite() error }).CloseWrite()
		return err
	})
	got := make([]byte, len(data))
	if _, err := io.ReadFull(f.to.peer, got); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("what arrived is not what was sent: %v", err)
	}
	if err := await(t, sent); err != nil {
		t.Error(err)
	}
	if err := await(t, done); err != io.EOF {
		t.Errorf("ended with %v", err)
	}
	if n := f.Moved.Load(); n != int64(len(data)+len("helloagain")) {
		t.Errorf("counted %d bytes", n)
	}
}

func cause(read, write error) error {
	if read != nil {
		return read
	}
	return write
}

// A pipe costs descriptors, a buffer memory: who waits has neither.
func TestFlowThatWaitsHoldsNothing(t *testing.T) {
	for name, at := range places(t) {
		t.Run(name, func(t *testing.T) { flowThatWaitsHoldsNothing(t, flowing(at.pair(t), at.pair(t))) })
	}
}

func flowThatWaitsHoldsNothing(t *testing.T, f *flow) {
	done := later(func() error { read, write := f.run(); return cause(read, write) })
	data := bulk()
	sent := later(func() error { _, err := f.from.peer.Write(data); return err })
	if _, err := io.ReadFull(f.to.peer, make([]byte, len(data))); err != nil {
		t.Fatal(err)
	}
	await(t, sent)
	testkit.Eventually(t, patience, func() error {
		if n := f.Moved.Load(); n != int64(len(data)) {
			return io.ErrNoProgress
		}
		return nil
	})
	f.From.Interrupt()
	if err := await(t, done); err != ErrInterrupted {
		t.Errorf("ended with %v", err)
	}
	if f.From.buf != nil || f.To.buf != nil {
		t.Error("a buffer is held")
	}
}

// It is told whose fault the end was.
func TestFlowKnowsWhoHasFailed(t *testing.T) {
	t.Run("to", func(t *testing.T) {
		from, to := watched(t), watched(t)
		f := Flow{From: from.Conn, To: to.Conn}
		to.peer.Close()
		done := later(func() error { _, write := f.Run(); return write })
		for range 2 { // the first is answered by a reset, which fails the second
			from.says(t, "hello")
			testkit.Eventually(t, patience, func() error {
				if closed, _ := to.Gone(); !closed {
					return io.ErrNoProgress
				}
				return nil
			})
		}
		sent := later(func() error { _, _ = from.peer.Write(bulk()); return nil })
		if err := await(t, done); err == nil {
			t.Error("nothing is known to have failed")
		}
		from.Conn.Close()
		await(t, sent)
	})
	t.Run("from", func(t *testing.T) {
		from, to := watched(t), watched(t)
		f := Flow{From: from.Conn, To: to.Conn}
		done := later(func() error { read, _ := f.Run(); return read })
		from.Interrupt()
		if err := await(t, done); err != ErrInterrupted {
			t.Errorf("ended with %v", err)
		}
	})
}
