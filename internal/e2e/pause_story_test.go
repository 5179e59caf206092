package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pause is longer than any of the proxy's looks at idle connections.
const pause = 400 * time.Millisecond

// dial opens a connection to the proxy that ends with the test.
func (f *face) dial() (net.Conn, *bufio.Reader) {
	f.stage.Helper()
	c, err := net.Dial("tcp", f.proxy)
	if err != nil {
		f.stage.Fatal(err)
	}
	f.stage.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c, bufio.NewReader(c)
}

// send writes pieces with pauses between them.
func send(t *testing.T, c io.Writer, pieces ...string) {
	t.Helper()
	for n, piece := range pieces {
		if n > 0 {
			<-time.After(pause)
		}
		if _, err := io.WriteString(c, piece); err != nil {
			t.Fatalf("piece %d: %v", n, err)
		}
	}
}

// Clients think, networks stall: a request may come in pieces.
func TestRequestsMayPause(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(head + single)
	big := strings.Repeat("x", 100_000)
	for name, pieces := range map[string][]string{
		"in the head":        {"GET /echo HTTP/1.1\r\nHo", "st: a\r\n\r\n"},
		"before the content": {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", "body"},
		"in the content":     {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo", "dy"},
		"in large content":   {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + big, big},
		"before the chunks":  {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nbody\r\n0\r\n\r\n"},
		"in a chunk":         {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbo", "dy\r\n0\r", "\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c, in := p.dial()
			send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			for _, pieces := range [][]string{nil, pieces} {
				send(t, c, pieces...)
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != 200 {
					t.Fatalf("%d %v %s", res.StatusCode, err, body)
				}
			}
		})
	}
}

func TestResponsesMayPause(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", "12")
		}
		for n := range 3 {
			if n > 0 {
				<-time.After(pause)
			}
			_, _ = io.WriteString(w, "tick")
			_ = http.NewResponseController(w).Flush()
		}
	})
	p := s.boot(head + single)
	for _, path := range []string{"/length", "/chunks"} {
		c, in := p.dial()
		began := time.Now()
		send(t, c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
		for line := ""; !strings.Contains(line, "tick"); { // a chunk, or the first bytes of the body
			part, err := in.ReadString('k')
			if err != nil {
				t.Fatal(err)
			}
			line += part
		}
		if took := time.Since(began); took > pause {
			t.Errorf("%s: the first bytes came after %s", path, took)
		}
		res, err := p.client.Get("http://" + p.proxy + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || string(body) != "tickticktick" {
			t.Errorf("%s: the body is %q %v", path, body, err)
		}
		_ = res.Body.Close()
	}
}

// A client that asks first sends its body only when it may, and the instance's
// refusal reaches it before that.
func TestExpectContinue(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	p := s.boot(head + single)
	ask := "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
	c, in := p.dial()
	send(t, c, ask)
	if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	_, _ = in.ReadString('\n')
	send(t, c, "body")
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(body), `"Body":"body"`) {
		t.Errorf("%s %v", body, err)
	}

	a.behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) })
	c, in = p.dial()
	send(t, c, ask)
	if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 403") {
		t.Errorf("%q %v", line, err)
	}
}

// mirror upgrades the connection and then says back what is said to it.
func mirror(w http.ResponseWriter, _ *http.Request) {
	c, in, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_, _ = io.Copy(c, in)
}

// tunnel opens an upgraded connection through the program.
func (f *face) tunnel() (net.Conn, *bufio.Reader) {
	f.stage.Helper()
	c, in := f.dial()
	send(f.stage.T, c, "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 101 {
		f.stage.Fatalf("%v %v", res, err)
	}
	return c, in
}

// A tunnel may be silent for as long as it likes, and ends on both sides when
// it ends on one.
func TestUpgradedConnectionsMayPause(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	ended := make(chan struct{})
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		mirror(w, r)
	})
	c, in := s.boot(head + single).tunnel()
	for n := range 3 {
		word := fmt.Sprintf("word %d", n)
		send(t, c, word)
		got := make([]byte, len(word))
		if _, err := io.ReadFull(in, got); err != nil || string(got) != word {
			t.Fatalf("%q came back as %q, %v", word, got, err)
		}
		<-time.After(pause)
	}
	_ = c.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the instance's side does not end")
	}
}
