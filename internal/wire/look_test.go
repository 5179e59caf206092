package wire

import (
	"io"
	"testing"

	"pingap-go/internal/testkit"
)

func TestGoneLooksWithoutTaking(t *testing.T) {
	p := watched(t)
	if closed, readable := p.Gone(); closed || readable {
		t.Errorf("quiet: closed %v, readable %v", closed, readable)
	}
	p.arrives(t, "x")
	if closed, readable := p.Gone(); closed || !readable {
		t.Errorf("one byte: closed %v, readable %v", closed, readable)
	}
	p.takes(t, "x")
	p.peer.Close()
	testkit.Eventually(t, patience, func() error {
		if closed, _ := p.Gone(); !closed {
			return io.ErrNoProgress
		}
		return nil
	})
	p.Conn.Close()
	if closed, _ := p.Gone(); !closed {
		t.Error("a closed connection is still there")
	}
}

// A connection that waits for nobody is quiet, or no longer worth keeping.
func TestQuietIsOpenWithNothingToRead(t *testing.T) {
	for name, over := range map[string]func(testing.TB) *pair{"plain": watched, "TLS": overTLS} {
		t.Run(name, func(t *testing.T) {
			p := over(t)
			p.says(t, "hello")
			p.takes(t, "hello")
			for range 3 { // looking takes nothing away
				if !p.Quiet() {
					t.Fatal("not quiet after all was read")
				}
			}
			p.says(t, "again")
			p.takes(t, "again")
			p.says(t, "surplus")
			p.becomesLoud(t)
		})
		t.Run(name+", ended", func(t *testing.T) {
			p := over(t)
			p.peer.Close()
			p.becomesLoud(t)
		})
	}
}

func TestBufferedBytesAreNotQuiet(t *testing.T) {
	p := watched(t)
	p.says(t, "hello")
	if err := p.Fill(); err != nil || p.Quiet() {
		t.Errorf("quiet with bytes in the buffer; %v", err)
	}
	p.Discard(len(p.Buffered()))
	if !p.Quiet() {
		t.Error("not quiet without")
	}
}

// TLS reads as much as comes in one segment and gives out one record at a time.
func TestRecordsThatTLSHoldsBackAreNotQuiet(t *testing.T) {
	p := overTLS(t)
	p.says(t, "one")
	p.says(t, "two")
	p.takes(t, "one")
	p.becomesLoud(t)
}

// becomesLoud waits until the connection is no longer quiet.
func (p *pair) becomesLoud(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if p.Quiet() {
			return io.ErrNoProgress
		}
		return nil
	})
}
