package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// instance is an HTTP server that says who it is, in HTTP/1.1 or, with prior
// knowledge, in HTTP/2. It can be told to behave
// badly, to stop, and to come back at its address.
type instance struct {
	name, addr string
	served     atomic.Int64
	conns      atomic.Int64 // accepted so far
	behaviour  atomic.Pointer[http.HandlerFunc]

	mu     sync.Mutex
	server *http.Server
	done   chan struct{}
}

// instance starts an instance whose address stands in for ${NAME}.
func (s *stage) instance(name string) *instance {
	s.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	i := &instance{name: name, addr: l.Addr().String()}
	i.behave(i.greet)
	i.serve(l)
	s.env[name] = i.addr
	s.Cleanup(i.kill)
	return i
}

// behave has all requests from now on handled by h.
func (i *instance) behave(h http.HandlerFunc) { i.behaviour.Store(&h) }

// well has the instance behave as in the beginning.
func (i *instance) well() { i.behave(i.greet) }

func (i *instance) serve(l net.Listener) {
	server := &http.Server{
		Handler:   http.HandlerFunc(i.handle),
		ErrorLog:  log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, s http.ConnState) { i.countConn(s) },
		Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	i.mu.Lock()
	i.server, i.done = server, done
	i.mu.Unlock()
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
}

func (i *instance) countConn(s http.ConnState) {
	if s == http.StateNew {
		i.conns.Add(1)
	}
}

func (i *instance) handle(w http.ResponseWriter, r *http.Request) {
	i.served.Add(1)
	w.Header().Set("X-Instance", i.name)
	(*i.behaviour.Load())(w, r)
}

// seen is what an instance got, as it tells where "echo" is in the target.
type seen struct {
	Instance, Method, URI, Host, Body, Proto string
	Header                                   http.Header
	Trailer                                  http.Header
}

// greet says who the instance is, or on "echo" what it was sent.
func (i *instance) greet(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.RequestURI, "echo") {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, i.name)
		return
	}
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(seen{i.name, r.Method, r.RequestURI, r.Host, string(body), r.Proto, r.Header, r.Trailer})
}

// stop ends the instance as a good server does: what it has begun it finishes.
func (i *instance) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.server.Shutdown(ctx); err != nil {
		t.Errorf("stop %s: %v", i.name, err)
	}
	<-i.done
}

// kill ends the instance and all its connections at once.
func (i *instance) kill() {
	i.mu.Lock()
	defer i.mu.Unlock()
	_ = i.server.Close()
	<-i.done
}

// comeBack starts the instance again at its address.
func (i *instance) comeBack(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", i.addr)
	if err != nil {
		t.Fatalf("come back as %s: %v", i.name, err)
	}
	i.serve(l)
}

// answer is a behaviour: this status, always.
func answer(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}
}

// reset is a behaviour: the connection is broken without an answer.
func reset(w http.ResponseWriter, _ *http.Request) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// say is a behaviour: these bytes on the bare connection, which then ends.
func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, text)
		_ = c.Close()
	}
}

// slowly is a behaviour: next after d, unless the client goes.
func slowly(d time.Duration, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // until then the server does not see the client go
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case <-time.After(d):
			next(w, r)
		case <-r.Context().Done():
		}
	}
}
