package wire

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"pingap-go/internal/testkit"
)

func TestFillSendsWhatIsQueuedAndReadsTheReply(t *testing.T) {
	evenOverTLS(t, fillSendsWhatIsQueuedAndReadsTheReply)
}

func fillSendsWhatIsQueuedAndReadsTheReply(t *testing.T, p *pair) {
	for range 5 {
		p.Queue([]byte("ping"))
		done := later(p.Fill)
		p.hears(t, "ping")
		p.says(t, "pong")
		if err := await(t, done); err != nil || string(p.Buffered()) != "pong" {
			t.Fatalf("got %q, %v", p.Buffered(), err)
		}
		p.Discard(4)
	}
}

// inBlindWait has p wait without having read first, with early bytes there
// already: no edge will ever tell of them.
func inBlindWait(t *testing.T, p *pair, early string) <-chan error {
	t.Helper()
	p.says(t, "a")
	p.takes(t, "a") // a wait has ended well: the next may be blind
	p.arrives(t, early)
	before := p.blind.Load()
	p.Queue([]byte("ping"))
	done := later(p.Fill)
	p.hears(t, "ping")
	testkit.Eventually(t, patience, func() error {
		if p.blind.Load() == before {
			return io.ErrNoProgress
		}
		return nil
	})
	return done
}

func TestBlindWaitFindsEarlyBytesWithinTwoTicks(t *testing.T) {
	p := newPair(t)
	done := inBlindWait(t, p, "early")
	p.dog.tick()
	p.dog.tick()
	if err := await(t, done); err != nil || string(p.Buffered()) != "early" {
		t.Fatalf("got %q, %v", p.Buffered(), err)
	}
}

func TestConnectionWithEarlyBytesReadsFirstFromThenOn(t *testing.T) {
	p := newPair(t)
	done := inBlindWait(t, p, "early")
	p.dog.tick()
	p.dog.tick()
	await(t, done)
	p.Discard(len("early"))
	for range 100 { // no tick comes any more
		p.arrives(t, "more")
		p.Queue([]byte("pong"))
		if err := await(t, later(p.Fill)); err != nil || string(p.Buffered()) != "more" {
			t.Fatalf("got %q, %v", p.Buffered(), err)
		}
		p.Discard(len("more"))
		p.hears(t, "pong")
	}
	for range eagerReads { // and goes back to what costs less when that finds nothing
		p.raw.Read(func(fd uintptr) bool { p.readOnce(fd); return true })
	}
	if p.eager != 0 {
		t.Errorf("still eager for %d reads", p.eager)
	}
}

func TestIdleConnectionHoldsNoBuffer(t *testing.T) {
	p := watched(t)
	p.says(t, "request")
	p.takes(t, "request")
	if p.buf != nil {
		t.Error("a buffer with nothing in it is kept")
	}
	p.Queue([]byte("response"))
	p.Yield = true
	done := later(p.Fill)
	p.hears(t, "response")
	if err := await(t, done); err != ErrIdle || p.buf != nil {
		t.Errorf("%v, buffer kept: %v", err, p.buf != nil)
	}
	p.Yield = false
	done = later(p.Fill)
	p.Interrupt()
	if err := await(t, done); err != ErrInterrupted || p.buf != nil {
		t.Errorf("%v, buffer kept: %v", err, p.buf != nil)
	}
}

// A kick may come when its wait is over, and is then met by the next one, which
// has something to send: whoever lets go of memory on a kick would let go of that.
func TestLateKickDoesNotTakeWhatIsQueued(t *testing.T) {
	p := watched(t)
	p.Yield = true
	p.interruptWith(kicked)
	p.Queue([]byte("response"))
	done := later(p.Fill)
	p.hears(t, "response")
	p.says(t, "next")
	if err := await(t, done); err != nil && err != ErrIdle { // idle by now, on a slow machine
		t.Error(err)
	}
}

func TestEndOfStreamIsEOF(t *testing.T) { evenOverTLS(t, endOfStreamIsEOF) }

func endOfStreamIsEOF(t *testing.T, p *pair) {
	p.says(t, "last")
	p.peer.Close()
	p.takes(t, "last")
	if err := p.Fill(); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

func TestBufferGrowsOnceAndThenIsFull(t *testing.T) { everywhere(t, bufferGrowsOnceAndThenIsFull) }

func bufferGrowsOnceAndThenIsFull(t *testing.T, p *pair) {
	text := strings.Repeat("x", LargeBuffer)
	sent := later(func() error { _, err := p.peer.Write([]byte(text)); return err })
	for len(p.Buffered()) < LargeBuffer {
		if err := p.Fill(); err != nil {
			t.Fatalf("after %d bytes: %v", len(p.Buffered()), err)
		}
	}
	await(t, sent)
	if err := p.Fill(); err != ErrBufferFull {
		t.Errorf("got %v", err)
	}
	p.Discard(1)
	p.says(t, "y")
	if err := p.Fill(); err != nil || !bytes.HasSuffix(p.Buffered(), []byte("xy")) {
		t.Errorf("with a byte of room: %v", err)
	}
}

func TestShortWritesAreFinished(t *testing.T) { evenOverTLS(t, shortWritesAreFinished) }

func shortWritesAreFinished(t *testing.T, p *pair) {
	text := strings.Repeat("0123456789", 1<<20)
	p.Queue([]byte(text))
	done := later(p.Fill)
	p.hears(t, text)
	p.says(t, "thanks")
	if err := await(t, done); err != nil || string(p.Buffered()) != "thanks" {
		t.Errorf("got %q, %v", p.Buffered(), err)
	}
}

func TestWritePartsKeepsOrder(t *testing.T) { everywhere(t, writePartsKeepsOrder) }

func writePartsKeepsOrder(t *testing.T, p *pair) {
	p.Queue([]byte("1"))
	if err := p.WriteParts([]byte("2"), []byte("3"), []byte("4")); err != nil {
		t.Fatal(err)
	}
	if err := p.Write([]byte("5")); err != nil {
		t.Fatal(err)
	}
	p.hears(t, "12345")
}

func TestAbortIsNotAnEnd(t *testing.T) { everywhere(t, abortIsNotAnEnd) }

func abortIsNotAnEnd(t *testing.T, p *pair) {
	p.Write([]byte("half an ans"))
	p.hears(t, "half an ans")
	p.Abort()
	if _, err := io.ReadAll(p.peer); err == nil {
		t.Error("the peer took an aborted stream for an ended one")
	}
	if p.Close() != nil || p.dog.Len() != 0 {
		t.Error("a second Close does harm")
	}
}

func TestCloseWriteLeavesTheOtherDirection(t *testing.T) {
	everywhere(t, closeWriteLeavesTheOtherDirection)
}

func closeWriteLeavesTheOtherDirection(t *testing.T, p *pair) {
	if err := p.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(p.peer); len(rest) > 0 || err != nil {
		t.Errorf("the peer got %q, %v", rest, err)
	}
	p.says(t, "still here")
	p.takes(t, "still here")
}
