package proxy_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 15 * time.Second

// client is a raw connection to the proxy. Answers are read by net/http, which
// shares no code with what is tested.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func newClient(t testing.TB, nc net.Conn) *client {
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return &client{Conn: nc, t: t, r: bufio.NewReader(nc)}
}

// send writes text as it stands.
func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, text); err != nil {
		c.t.Errorf("send: %v", err)
	}
}

// lines joins a message head: the lines given, each ended by CRLF, and an empty one.
func lines(l ...string) string { return strings.Join(append(l, "", ""), "\r\n") }

// get is a request that is nothing special.
func get(path string) string { return lines("GET "+path+" HTTP/1.1", "Host: example.com") }

// answer is one response as a client got it. err says why the body is not whole.
type answer struct {
	*http.Response
	body string
	err  error
}

// head reads a response head; the body can be read from the response.
func (c *client) head(method string) *http.Response {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("no answer to %s: %v", method, err)
	}
	return res
}

// answer reads a whole response.
func (c *client) answer(method string) answer {
	c.t.Helper()
	res := c.head(method)
	body, err := io.ReadAll(res.Body)
	return answer{res, string(body), err}
}

// exchange sends a request and reads the status of its answer, for goroutines
// that must not end the test.
func (c *client) exchange(request, method string) (status int, err error) {
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c.Conn, request); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		return 0, err
	}
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 500 && method != "POST" {
		err = fmt.Errorf("%s", body)
	}
	return res.StatusCode, err
}

// ask sends a request and reads its answer, which must have the status given.
func (c *client) ask(request string, status int) answer {
	c.t.Helper()
	c.send(request)
	method, _, _ := strings.Cut(request, " ")
	a := c.answer(method)
	if a.StatusCode != status || a.err != nil {
		c.t.Fatalf("status %d, want %d, body %q, %v, for %.80q", a.StatusCode, status, a.body, a.err, request)
	}
	return a
}

// refused holds an answer to what the contract says of those that end a
// connection, and waits for that end.
func (c *client) refused(method string, status int, etype string) {
	c.t.Helper()
	a := c.answer(method)
	if a.StatusCode != status || a.Header.Get("X-Pingap-EType") != etype || !a.Close || a.err != nil {
		c.t.Errorf("status %d %q, close %v, %v; want %d %q and a closed connection",
			a.StatusCode, a.Header.Get("X-Pingap-EType"), a.Close, a.err, status, etype)
	}
	c.over()
}

// over waits until the proxy has ended the connection, with nothing more to say.
func (c *client) over() {
	c.t.Helper()
	rest, err := io.ReadAll(c.r)
	if len(rest) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Errorf("want the connection closed, got %.100q, %v", rest, err)
	}
}

// open says that the connection serves on.
func (c *client) open(path string) {
	c.t.Helper()
	c.ask(get(path), 200)
}

// reset ends the connection the hard way.
func (c *client) reset() {
	nc := c.socket()
	nc.SetLinger(0)
	nc.Close()
}

// halfClose ends the client's side only, of TLS and of TCP.
func (c *client) halfClose() {
	if over, ok := c.Conn.(*tls.Conn); ok {
		over.CloseWrite()
	}
	c.socket().CloseWrite()
}

func (c *client) socket() *net.TCPConn {
	if over, ok := c.Conn.(*tls.Conn); ok {
		return over.NetConn().(*net.TCPConn)
	}
	return c.Conn.(*net.TCPConn)
}
