package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// The end of a TLS connection lies behind bytes that nobody reads while a request
// waits: the peer's farewell, and what it may have sent before.
func TestGoneSeesTheEndBehindUnreadBytesOverTLS(t *testing.T) {
	everywhereOverTLS(t, goneSeesTheEndBehindUnreadBytesOverTLS)
}

func goneSeesTheEndBehindUnreadBytesOverTLS(t *testing.T, at place) {
	for name, leave := range map[string]func(*pair){
		"farewell": func(p *pair) { p.peer.Close() },
		"bytes and farewell": func(p *pair) {
			p.peer.Write([]byte("more"))
			p.peer.Close()
		},
		"no farewell": func(p *pair) { beneath(p.peer).Close() },
	} {
		t.Run(name, func(t *testing.T) {
			p := at.overTLS(t)
			p.says(t, "hello")
			p.takes(t, "hello")
			if closed, _ := p.Gone(); closed {
				t.Fatal("gone while all is well")
			}
			leave(p)
			testkit.Eventually(t, patience, func() error {
				if closed, _ := p.Gone(); !closed {
					return io.ErrNoProgress
				}
				return nil
			})
		})
	}
}

func TestBytesAloneAreNoEndOverTLS(t *testing.T) { everywhereOverTLS(t, bytesAloneAreNoEndOverTLS) }

func bytesAloneAreNoEndOverTLS(t *testing.T, at place) {
	p := at.overTLS(t)
	p.arrives(t, "hello")
	if closed, readable := p.Gone(); closed || !readable {
		t.Errorf("closed %v, readable %v", closed, readable)
	}
	p.takes(t, "hello")
}

// TLS answers every write after one that was cut short by the same error, which is
// no reason to try again and again.
func TestWriteThatWasCutShortIsTheLastOverTLS(t *testing.T) {
	everywhereOverTLS(t, writeThatWasCutShortIsTheLastOverTLS)
}

func writeThatWasCutShortIsTheLastOverTLS(t *testing.T, at place) {
	p := at.overTLS(t)
	p.SetTimeout(200 * time.Millisecond)
	if err := p.Write(make([]byte, 64<<20)); err != ErrTimeout {
		t.Fatalf("a peer that does not read: %v", err)
	}
	p.SetTimeout(0)
	if err := await(t, later(func() error { return p.Write([]byte("x")) })); err == nil {
		t.Error("a write went well after one that was cut short")
	}
	if err := await(t, later(func() error { return p.WriteParts([]byte("x"), nil, nil) })); err == nil {
		t.Error("so did one in parts")
	}
	began := time.Now()
	p.Close()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("close took %v", took)
	}
}

// tap notes what a peer reads off its socket.
type tap struct {
	net.Conn
	seen []byte
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.seen = append(t.seen, p[:n]...)
	return n, err
}

// records counts those of application data (RFC 8446 section 5.1), and forgets them.
func (t *tap) records() (n int) {
	for len(t.seen) >= 5 {
		if t.seen[0] == 23 {
			n++
		}
		t.seen = t.seen[5+int(t.seen[3])<<8+int(t.seen[4]):]
	}
	return n
}

// A head and its content are one record, and one system call, if they fit into it.
func TestSmallPartsAreOneRecordOverTLS(t *testing.T) {
	everywhereOverTLS(t, smallPartsAreOneRecordOverTLS)
}

func smallPartsAreOneRecordOverTLS(t *testing.T, at place) {
	seen := new(tap)
	p := at.overTLSWith(t, func(far net.Conn) net.Conn { seen.Conn = far; return seen })
	seen.records() // the handshake's
	for _, tt := range []struct{ head, content, records int }{
		{200, 10, 1}, {200, 10 << 10, 1}, {1 << 10, 15<<10 - 2, 1}, {1 << 10, 15<<10 - 1, 3}, {200, 64 << 10, 6},
	} {
		for _, drafted := range []bool{true, false} {
			head, content := bytes.Repeat([]byte("h"), tt.head), bytes.Repeat([]byte("c"), tt.content)
			want := string(head) + string(content) + "\r\n"
			if drafted {
				head = append(p.Draft(), head...)
			}
			done := later(func() error { return p.WriteParts(head, content, []byte("\r\n")) })
			p.hears(t, want)
			if err := await(t, done); err != nil {
				t.Fatal(err)
			}
			if n := seen.records(); n != tt.records || p.draft != nil {
				t.Errorf("%d and %d bytes are %d records, want %d; a draft is held: %v", tt.head, tt.content, n, tt.records, p.draft != nil)
			}
		}
	}
}

// What was broken off must not look complete.
func TestAbortIsNoFarewellOverTLS(t *testing.T) { everywhereOverTLS(t, abortIsNoFarewellOverTLS) }

func abortIsNoFarewellOverTLS(t *testing.T, at place) {
	p := at.overTLS(t)
	if err := p.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := p.Abort(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(p.peer); err == nil {
		t.Errorf("the peer got %q and a proper end", got)
	}
}

func TestSeverEndsWhatGoesOn(t *testing.T) {
	for name, over := range map[string]func(testing.TB) *pair{"plain": watched, "TLS": place{}.overTLS} {
		t.Run(name, func(t *testing.T) {
			p := over(t)
			reading := later(p.Fill)
			if err := p.Sever(); err != nil {
				t.Fatal(err)
			}
			if err := await(t, reading); err == nil || errors.Is(err, ErrIdle) {
				t.Errorf("the read says %v", err)
			}
		})
	}
}
