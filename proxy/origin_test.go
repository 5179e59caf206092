package proxy_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// origin is an upstream made of a raw socket. It serves each connection by a
// script and remembers every byte that came.
type origin struct {
	listener net.Listener
	script   func(*visit)
	serving  sync.WaitGroup
	ending   chan struct{} // closed with the origin

	mu     sync.Mutex
	visits []*visit
}

// visit is one connection from the proxy to an origin.
type visit struct {
	net.Conn
	socket net.Conn // the origin's to close; the script may have put TLS in front of it
	number int
	r      *bufio.Reader
	origin *origin
	got    bytes.Buffer // guarded by origin.mu
	done   chan struct{}
}

// newOrigin starts an origin. When the script returns the connection is closed.
func newOrigin(t testing.TB, script func(*visit)) *origin {
	t.Helper()
	testkit.Census(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{listener: l, script: script, ending: make(chan struct{})}
	o.serving.Go(o.accept)
	t.Cleanup(o.close)
	return o
}

func (o *origin) addr() string { return o.listener.Addr().String() }

func (o *origin) accept() {
	for {
		nc, err := o.listener.Accept()
		if err != nil {
			return
		}
		nc.SetDeadline(time.Now().Add(2 * patience))
		v := &visit{Conn: nc, socket: nc, origin: o, done: make(chan struct{})}
		v.r = bufio.NewReader(io.TeeReader(nc, v))
		o.mu.Lock()
		v.number = len(o.visits)
		o.visits = append(o.visits, v)
		o.mu.Unlock()
		o.serving.Go(v.serve)
	}
}

func (v *visit) serve() {
	defer close(v.done)
	defer v.Close()
	v.origin.script(v)
}

// Write notes what was read, for the TeeReader; see say for the other direction.
func (v *visit) Write(p []byte) (int, error) {
	v.origin.mu.Lock()
	defer v.origin.mu.Unlock()
	return v.got.Write(p)
}

// close ends the origin and all its connections.
func (o *origin) close() {
	o.listener.Close()
	close(o.ending)
	o.mu.Lock()
	for _, v := range o.visits {
		v.socket.Close()
	}
	o.mu.Unlock()
	o.serving.Wait()
}

// connections is how many there have been.
func (o *origin) connections() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.visits)
}

// received is all that came over all connections.
func (o *origin) received() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all bytes.Buffer
	for _, v := range o.visits {
		all.Write(v.got.Bytes())
	}
	return all.String()
}

// visit waits for connection number n and returns it.
func (o *origin) visit(t testing.TB, n int) *visit {
	t.Helper()
	var v *visit
	testkit.Eventually(t, patience, func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if len(o.visits) <= n {
			return io.ErrNoProgress
		}
		v = o.visits[n]
		return nil
	})
	return v
}

// request reads a request with its body, by net/http.
func (v *visit) request() (*http.Request, string, error) {
	req, err := http.ReadRequest(v.r)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(req.Body)
	return req, string(body), err
}

// head reads a request's head only.
func (v *visit) head() (*http.Request, error) { return http.ReadRequest(v.r) }

// continued reads a request whose client waits for 100 Continue, and says so.
func (v *visit) continued() (*http.Request, string, error) {
	req, err := v.head()
	if err != nil {
		return nil, "", err
	}
	if req.Header.Get("Expect") != "" {
		v.say(lines("HTTP/1.1 100 Continue"))
	}
	body, err := io.ReadAll(req.Body)
	return req, string(body), err
}

// say sends text as it stands. The proxy may have gone, which tests see elsewhere.
func (v *visit) say(text string) { _, _ = io.WriteString(v.Conn, text) }

// ended waits until the proxy has closed its side.
func (v *visit) ended() { _, _ = io.Copy(io.Discard, v.r) }

// reset ends the connection the hard way.
func (v *visit) reset() {
	v.Conn.(*net.TCPConn).SetLinger(0)
	v.Close()
}

// halfClose ends the origin's side only.
func (v *visit) halfClose() { v.Conn.(*net.TCPConn).CloseWrite() }

// always answers every request, once it is complete, with the text given.
func always(response string) func(*visit) {
	return func(v *visit) {
		for {
			if _, _, err := v.request(); err != nil {
				return
			}
			v.say(response)
		}
	}
}

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
