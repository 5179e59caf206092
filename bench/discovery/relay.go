package main

import (
	"io"
	"net"
	"sync"
)

// relay stands before the agent and can turn into a black hole: connections stay
// open and new ones are accepted, and no byte arrives.
type relay struct {
	addr, target string
	listener     net.Listener
	ended        chan struct{}
	running      sync.WaitGroup

	mu   sync.Mutex
	open chan struct{} // closed while bytes pass
}

func startRelay(target string) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{addr: l.Addr().String(), target: target, listener: l, ended: make(chan struct{}), open: make(chan struct{})}
	close(r.open)
	r.running.Go(r.accept)
	return r, nil
}

func (r *relay) close() {
	close(r.ended)
	_ = r.listener.Close()
	r.running.Wait()
}

// swallow stops bytes from passing.
func (r *relay) swallow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = make(chan struct{})
}

// restore lets bytes pass again, those that waited among them.
func (r *relay) restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.open)
}

func (r *relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.running.Go(func() { r.serve(conn) })
	}
}

func (r *relay) serve(client net.Conn) {
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

func (r *relay) copy(to io.Writer, from io.Reader, done chan<- struct{}) {
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

// pass waits until bytes may pass; it is false when the relay has ended.
func (r *relay) pass() bool {
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
