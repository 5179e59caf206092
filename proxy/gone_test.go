package proxy_test

import (
	"io"
	"strings"
	"testing"
	"time"
)

// busy is what a busy machine may add to any time that is measured here.
const busy = 2 * time.Second

// cancelled waits until the upstream's connection has been ended by the proxy.
func cancelled(t *testing.T, v *visit, since time.Time) {
	t.Helper()
	select {
	case <-v.done:
	case <-time.After(patience):
		t.Fatal("the upstream was never told")
	}
	if took := time.Since(since); took > time.Second+busy {
		t.Errorf("the upstream was told after %v", took)
	}
}

// leaving are the ways of a client to go.
var leaving = map[string]func(*client){
	"closes":    func(c *client) { c.Close() },
	"is reset":  func(c *client) { c.reset() },
	"half-ends": func(c *client) { c.halfClose() },
}

func TestClientThatLeavesCancelsTheRequestUpstream(t *testing.T) {
	everyTransport(t, clientThatLeavesCancelsTheRequestUpstream)
}

func clientThatLeavesCancelsTheRequestUpstream(t *testing.T, on transport) {
	for name, tt := range map[string]struct {
		request string
		serve   func(*visit) // until the client is told to go
		heard   bool         // the client has got a head by then
	}{
		"while it waits":               {get("/"), func(v *visit) { v.request() }, false},
		"while a small upload waits":   {post("Content-Length: 5") + "hello", func(v *visit) { v.request() }, false},
		"while it uploads":             {post("Content-Length: 1000000") + string(upload(100_000)), func(v *visit) { v.head() }, false},
		"while it uploads chunks":      {chunks("5\r\nhello\r\n"), func(v *visit) { v.head() }, false},
		"while it is to continue":      {expecting("Content-Length: 5"), func(v *visit) { v.head() }, false},
		"while the answer streams":     {get("/"), func(v *visit) { v.request(); v.say(ok("Content-Length: 10") + "hello") }, true},
		"while chunks stream":          {get("/"), func(v *visit) { v.request(); v.say(ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n") }, true},
		"while a stream has not begun": {get("/"), func(v *visit) { v.request(); v.say(ok("Transfer-Encoding: chunked")) }, true},
		"while both bodies are on the way": {chunks("5\r\nhello\r\n"), func(v *visit) {
			v.head()
			v.say(ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n")
		}, true},
	} {
		for way, leave := range leaving {
			t.Run(name+" and "+way, func(t *testing.T) {
				served := make(chan struct{})
				o := newOrigin(t, func(v *visit) {
					tt.serve(v)
					close(served)
					v.ended()
				})
				c := start(t, on(once), o).dial(t)
				c.send(tt.request)
				<-served
				if tt.heard {
					c.head("GET")
				}
				leave(c)
				cancelled(t, o.visit(t, 0), time.Now())
				if way == "half-ends" {
					io.Copy(io.Discard, c.r)
				}
			})
		}
	}
}

func TestClientThatLeavesWhileItCouldReadMoreCancelsToo(t *testing.T) {
	everyTransport(t, clientThatLeavesWhileItCouldReadMoreCancelsToo)
}

func clientThatLeavesWhileItCouldReadMoreCancelsToo(t *testing.T, on transport) {
	o := newOrigin(t, func(v *visit) {
		v.request()
		v.say(ok("Content-Length: 1000000000"))
		for {
			if _, err := v.Conn.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	c := start(t, on(once), o).dial(t)
	c.send(get("/"))
	c.head("GET")
	began := time.Now()
	c.Close()
	cancelled(t, o.visit(t, 0), began)
}

// A client that leaves is nobody's failure: the next request over another
// connection finds the upstream in its place.
func TestClientsThatLeaveDoNotHarmOthers(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		for {
			req, _, err := v.request()
			if err != nil {
				return
			}
			if req.URL.Path == "/slow" {
				<-time.After(120 * time.Millisecond)
			}
			v.say(hello)
		}
	})
	r := start(t, nil, o)
	for i := range 20 {
		leaver, stayer := r.dial(t), r.dial(t)
		leaver.send(get("/slow"))
		stayer.send(get("/slow"))
		<-time.After(time.Duration(i) * 7 * time.Millisecond)
		leaver.Close()
		if a := stayer.answer("GET"); a.StatusCode != 200 || a.body != "hello" {
			t.Fatalf("round %d: status %d, body %q", i, a.StatusCode, a.body)
		}
		stayer.open("/")
	}
}

func TestUpstreamThatDiesBeforeItAnswers(t *testing.T) {
	for name, die := range map[string]func(*visit){
		"closes":               func(v *visit) {},
		"is reset":             func(v *visit) { v.reset() },
		"dies in the head":     func(v *visit) { v.say("HTTP/1.1 200 OK\r\nContent-Le") },
		"dies after 1xx":       func(v *visit) { v.say(lines("HTTP/1.1 100 Continue")) },
		"dies in a long field": func(v *visit) { v.say("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 30<<10)); v.reset() },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				v.request()
				die(v)
			})
			c := start(t, once, o).dial(t)
			c.send(get("/"))
			a := c.answer("GET")
			for a.StatusCode == 100 {
				a = c.answer("GET")
			}
			if a.StatusCode != 502 || a.Header.Get("X-Pingap-EType") != "upstream_reset" {
				t.Errorf("status %d %q", a.StatusCode, a.Header.Get("X-Pingap-EType"))
			}
			if strings.Contains(a.body, "127.0.0.1") {
				t.Errorf("the body names an address: %q", a.body)
			}
		})
	}
}

// The upstream dies while the client is still sending to it.
func TestUpstreamThatDiesDuringAnUpload(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		v.head()
		v.reset()
	})
	c := start(t, once, o).dial(t)
	c.send(post("Content-Length: 10000000"))
	go c.Conn.Write(upload(10_000_000))
	if a := c.answer("POST"); a.StatusCode != 502 || !a.Close {
		t.Errorf("status %d, close %v", a.StatusCode, a.Close)
	}
	c.Close()
}
