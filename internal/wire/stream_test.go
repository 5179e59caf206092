package wire

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// idles has Fill find that there is nothing to do. A goroutine beside a loop waits.
func (p *pair) idles(t *testing.T) {
	t.Helper()
	if p.at.loop != nil && !p.at.on {
		return
	}
	p.Yield = true
	defer func() { p.Yield = false }()
	if err := await(t, later(p.Fill)); err != ErrIdle || p.buf != nil {
		t.Fatalf("got %v, buffer kept: %v", err, p.buf != nil)
	}
}

// atTheSocket waits until a Fill waits for the socket, not inside TLS, and all that
// has come there was read.
func (p *pair) atTheSocket(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	testkit.Eventually(t, patience, func() error {
		if _, readable := p.Gone(); readable {
			return errors.New("something is unread")
		}
		if p.at.loop != nil { // it never waits inside TLS
			return nil
		}
		for one := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(one, "readStream") && strings.Contains(one, "waitRead") && !strings.Contains(one, "tls.(*Conn).Read") {
				return nil
			}
		}
		return errors.New("nobody waits")
	})
}

func TestIdleTLSConnectionHoldsNoBuffer(t *testing.T) {
	everywhereOverTLS(t, idleTLSConnectionHoldsNoBuffer)
}

func idleTLSConnectionHoldsNoBuffer(t *testing.T, at place) {
	p := at.overTLS(t)
	for _, text := range []string{"one", "two"} {
		p.says(t, text)
		p.takes(t, text)
		p.idles(t)
	}
	done := later(p.Fill)
	p.atTheSocket(t)
	p.says(t, "three")
	if err := await(t, done); err != nil || string(p.Buffered()) != "three" {
		t.Errorf("got %q, %v", p.Buffered(), err)
	}
}

// Without Yield, too: a tunnel's direction that has nothing to carry.
func TestWaitOverTLSComesToTheSocket(t *testing.T) { everywhereOverTLS(t, waitOverTLSComesToTheSocket) }

func waitOverTLSComesToTheSocket(t *testing.T, at place) {
	p := at.overTLS(t)
	done := later(p.Fill)
	p.atTheSocket(t)
	p.says(t, "hello")
	if err := await(t, done); err != nil || string(p.Buffered()) != "hello" {
		t.Errorf("got %q, %v", p.Buffered(), err)
	}
}

// A record that TLS has taken off the socket together with the one before makes
// nothing readable. A wake-up must not have it forgotten.
func TestRecordsThatTLSHoldsBackAreGivenOut(t *testing.T) {
	everywhereOverTLS(t, recordsThatTLSHoldsBackAreGivenOut)
}

func recordsThatTLSHoldsBackAreGivenOut(t *testing.T, at place) {
	p, d := dammed(t, at)
	p.idles(t)
	for _, text := range []string{"one", "two", "three"} {
		p.says(t, text)
	}
	d.release(t, -1)
	p.takes(t, "one")
	p.Yield = true
	for _, text := range []string{"two", "three"} {
		p.interruptWith(kicked)
		p.takes(t, text)
	}
	p.idles(t)
}

// A session ticket is something to read and no bytes, and so is a part of a record.
func TestWhatBringsNoBytesLeavesTLSIdle(t *testing.T) {
	everywhereOverTLS(t, whatBringsNoBytesLeavesTLSIdle)
}

func whatBringsNoBytesLeavesTLSIdle(t *testing.T, at place) {
	p, d := dammed(t, at)
	p.idles(t)
	for range 2 {
		done := later(p.Fill)
		p.says(t, "hello") // behind the tickets, the first time
		for d.holds() > 1 {
			p.atTheSocket(t)
			d.release(t, min(d.holds()-1, 50))
		}
		p.atTheSocket(t)
		d.release(t, -1)
		if err := await(t, done); err != nil || string(p.Buffered()) != "hello" {
			t.Fatalf("got %q, %v", p.Buffered(), err)
		}
		p.Discard(len("hello"))
	}
}

// What is in the buffer stays there while the rest is waited for.
func TestHalfAMessageStaysOverTLS(t *testing.T) { everywhereOverTLS(t, halfAMessageStaysOverTLS) }

func halfAMessageStaysOverTLS(t *testing.T, at place) {
	p := at.overTLS(t)
	p.says(t, "half")
	if err := p.Fill(); err != nil {
		t.Fatal(err)
	}
	done := later(p.Fill)
	p.atTheSocket(t)
	p.says(t, " and half")
	if err := await(t, done); err != nil || string(p.Buffered()) != "half and half" {
		t.Errorf("got %q, %v", p.Buffered(), err)
	}
}

// Whatever ends a wait ends also the one for the socket.
func TestEverythingEndsTheWaitForTheSocket(t *testing.T) {
	everywhereOverTLS(t, everythingEndsTheWaitForTheSocket)
}

func everythingEndsTheWaitForTheSocket(t *testing.T, at place) {
	for name, tt := range map[string]struct {
		end  func(*pair)
		want error
	}{
		"deadline":        {func(p *pair) { p.SetTimeout(100 * time.Millisecond) }, ErrTimeout},
		"interrupt":       {func(p *pair) { p.Interrupt() }, ErrInterrupted},
		"farewell":        {func(p *pair) { p.peer.(interface{ CloseWrite() error }).CloseWrite() }, io.EOF},
		"end":             {func(p *pair) { p.peer.Close() }, io.EOF},
		"end, no goodbye": {func(p *pair) { beneath(p.peer).Close() }, io.EOF},
		"sever":           {func(p *pair) { p.Sever() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := at.overTLS(t)
			p.idles(t)
			done := later(p.Fill)
			p.atTheSocket(t)
			tt.end(p)
			if err := await(t, done); err == nil || tt.want != nil && err != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if p.buf != nil {
				t.Error("a buffer is kept")
			}
		})
	}
}

func TestWaitGoesOnAfterResumeOverTLS(t *testing.T) {
	everywhereOverTLS(t, waitGoesOnAfterResumeOverTLS)
}

func waitGoesOnAfterResumeOverTLS(t *testing.T, at place) {
	p := at.overTLS(t)
	p.idles(t)
	p.Interrupt()
	if err := p.Fill(); err != ErrInterrupted {
		t.Fatal(err)
	}
	p.Resume()
	p.says(t, "x")
	p.takes(t, "x")
}

// The watchdog's look must not take the time-out of FillWithin away.
func TestFillWithinIsExactOverTLS(t *testing.T) { everywhereOverTLS(t, fillWithinIsExactOverTLS) }

func fillWithinIsExactOverTLS(t *testing.T, at place) {
	p := at.overTLS(t)
	began := time.Now()
	done := later(func() error { return p.FillWithin(8 * Tick) })
	if err := await(t, done); err != ErrTimeout {
		t.Fatalf("got %v", err)
	}
	if took := time.Since(began); took < 8*Tick {
		t.Errorf("after %v", took)
	}
	p.says(t, "x")
	p.takes(t, "x")
}

// Bytes come in pieces while the watchdog looks all the time: nothing may be lost
// and nobody may wait for ever.
func TestLooksLoseNothingOverTLS(t *testing.T) { everywhereOverTLS(t, looksLoseNothingOverTLS) }

func looksLoseNothingOverTLS(t *testing.T, at place) {
	p := at.overTLS(t)
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				p.interruptWith(kicked)
				p.dog.tick()
			}
		}
	})
	running.Go(func() {
		for i := range 3000 {
			fmt.Fprintf(p.peer, "%04d", i)
		}
	})
	for i := range 3000 {
		for len(p.Buffered()) < 4 {
			err := await(t, later(p.Fill))
			if p.Yield = !p.Yield; err != nil && err != ErrIdle {
				t.Fatal(err)
			}
		}
		if got := string(p.Buffered()[:4]); got != fmt.Sprintf("%04d", i) {
			t.Fatalf("got %s after %d", got, i)
		}
		p.Discard(4)
	}
	close(stop)
	running.Wait()
}
