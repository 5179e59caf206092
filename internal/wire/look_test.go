package wire

import (
	"io"
	"testing"

	"pingap-go/internal/testkit"
)

func TestGoneLooksWithoutTaking(t *testing.T) { everywhere(t, goneLooksWithoutTaking) }

func goneLooksWithoutTaking(t *testing.T, p *pair) {
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
	p.Close()
	if closed, _ := p.Gone(); !closed {
		t.Error("a closed connection is still there")
	}
}

// A connection that waits for nobody is quiet, or no longer worth keeping.
func TestQuietIsOpenWithNothingToRead(t *testing.T) {
	evenOverTLS(t, func(t *testing.T, p *pair) {
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
}

func TestEndedIsNotQuiet(t *testing.T) {
	evenOverTLS(t, func(t *testing.T, p *pair) {
		p.peer.Close()
		p.becomesLoud(t)
	})
}

func TestBufferedBytesAreNotQuiet(t *testing.T) { everywhere(t, bufferedBytesAreNotQuiet) }

func bufferedBytesAreNotQuiet(t *testing.T, p *pair) {
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
	everywhereOverTLS(t, recordsThatTLSHoldsBackAreNotQuiet)
}

func recordsThatTLSHoldsBackAreNotQuiet(t *testing.T, at place) {
	p := at.overTLS(t)
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
