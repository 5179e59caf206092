package tcp_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// host is an upstream made of a raw socket. It serves each connection by a script.
type host struct {
	t        testing.TB
	listener net.Listener
	addr     string
	script   func(*peer)
	arrived  chan *peer
	serving  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

// newHost starts a host. When the script returns the connection is closed; nil
// leaves that to the test, which gets each connection from next.
func newHost(t testing.TB, script func(*peer)) *host {
	t.Helper()
	testkit.Census(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveHost(t, l, script)
}

// serveHost is newHost on a listener of the test's own.
func serveHost(t testing.TB, l net.Listener, script func(*peer)) *host {
	t.Helper()
	h := &host{t: t, listener: l, addr: l.Addr().String(), script: script, arrived: make(chan *peer, 1000)}
	h.serving.Go(h.accept)
	t.Cleanup(h.kill)
	return h
}

func (h *host) accept() {
	for {
		nc, err := h.listener.Accept()
		if err != nil {
			return
		}
		nc.SetDeadline(time.Now().Add(2 * patience))
		h.mu.Lock()
		h.conns = append(h.conns, nc)
		h.mu.Unlock()
		p := &peer{nc, h.t}
		h.arrived <- p
		if h.script != nil {
			h.serving.Go(func() { defer nc.Close(); h.script(p) })
		}
	}
}

// next waits for a connection.
func (h *host) next() *peer {
	h.t.Helper()
	select {
	case p := <-h.arrived:
		return p
	case <-time.After(patience):
		h.t.Fatal("nobody has connected")
		return nil
	}
}

// connections is how many there have been.
func (h *host) connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

// kill ends the host and its connections the hard way.
func (h *host) kill() {
	h.listener.Close()
	h.mu.Lock()
	for _, nc := range h.conns {
		if over, ok := nc.(*tls.Conn); ok {
			nc = over.NetConn()
		}
		nc.(*net.TCPConn).SetLinger(0) // fails on a closed one
		nc.Close()
	}
	h.mu.Unlock()
	h.serving.Wait()
}

// mirror sends everything back, and ends when its peer does.
func mirror(p *peer) { io.Copy(p.Conn, p.Conn) }

// named says who it is, and then what it hears.
func named(name string) func(*peer) {
	return func(p *peer) {
		if _, err := io.WriteString(p.Conn, name); err == nil {
			mirror(p)
		}
	}
}

// nobody is an address that refuses connections, and that nobody else gets before
// the test ends.
func nobody(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}
