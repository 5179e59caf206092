package testkit

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Relay stands between a client and a server and can turn into a black hole:
// connections stay open and new ones are accepted, and no byte arrives.
type Relay struct {
	// Addr is "127.0.0.1:port".
	Addr string

	target   string
	listener net.Listener
	ended    chan struct{}
	running  sync.WaitGroup

	mu   sync.Mutex
	open chan struct{} // closed while bytes pass
}

// NewRelay relays to target until the test ends.
func NewRelay(t testing.TB, target string) *Relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{Addr: listener.Addr().String(), target: target, listener: listener, ended: make(chan struct{}), open: make(chan struct{})}
	close(r.open)
	r.running.Go(r.accept)
	t.Cleanup(func() {
		close(r.ended)
		_ = listener.Close()
		r.running.Wait()
	})
	return r
}

// Swallow stops bytes from passing.
func (r *Relay) Swallow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = make(chan struct{})
}

// Restore lets bytes pass again, those that waited among them. While they pass it
// does nothing.
func (r *Relay) Restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.open:
	default:
		close(r.open)
	}
}

func (r *Relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.running.Go(func() { r.serve(conn) })
	}
}

func (r *Relay) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	done := make(chan struct{}, 2)
	r.running.Go(func() { r.copy(server, client, done) })
	r.running.Go(func() { r.copy(client, server, done) })
	select {
	case <-done:
	case <-r.ended:
	}
}

func (r *Relay) copy(to io.Writer, from io.Reader, done chan<- struct{}) {
	defer func() { done <- struct{}{} }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !r.pass() {
			return
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}

// pass waits until bytes may pass; it is false when the test has ended.
func (r *Relay) pass() bool {
	r.mu.Lock()
	open := r.open
	r.mu.Unlock()
	select {
	case <-open:
		return true
	case <-r.ended:
		return false
	}
}
