package wire

import (
	"net"
	"sync"
	"testing"
)

// dam is the peer's socket under TLS. It lets some writes pass and then holds what
// is written until the test says how much of it may go.
type dam struct {
	net.Conn
	mu   sync.Mutex
	pass int // writes yet to pass
	held []byte
}

func (d *dam) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pass == 0 {
		d.held = append(d.held, p...)
		return len(p), nil
	}
	d.pass--
	return d.Conn.Write(p)
}

// holds is how much that is.
func (d *dam) holds() int { d.mu.Lock(); defer d.mu.Unlock(); return len(d.held) }

// release lets the first n bytes of what is held go, or all of it with n < 0.
func (d *dam) release(t *testing.T, n int) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if n < 0 {
		n = len(d.held)
	}
	if _, err := d.Conn.Write(d.held[:n]); err != nil {
		t.Fatal(err)
	}
	d.held = d.held[n:]
}

// dammed is overTLS with a dam, behind which the session tickets are: in TLS 1.3 a
// server's first write ends its part of the handshake.
func dammed(t *testing.T, at place) (*pair, *dam) {
	t.Helper()
	d := &dam{pass: 1}
	p := at.overTLSWith(t, func(far net.Conn) net.Conn { d.Conn = far; return d })
	return p, d
}
