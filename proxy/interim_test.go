package proxy_test

import (
	"strings"
	"testing"
	"time"
)

func TestInterimAnswersAreRelayed(t *testing.T) {
	o := newOrigin(t, always(lines("HTTP/1.1 100 Continue")+lines("HTTP/1.1 102 Processing")+
		lines("HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload", "Connection: x-secret", "X-Secret: 1")+hello))
	r := start(t, nil, o)
	t.Run("to HTTP/1.1", func(t *testing.T) {
		c := r.dial(t)
		c.send(get("/"))
		if res := c.head("GET"); res.StatusCode != 100 {
			t.Errorf("first %d", res.StatusCode)
		}
		hints := c.head("GET")
		if hints.StatusCode != 103 || hints.Header.Get("Link") == "" || hints.Header.Get("X-Secret") != "" {
			t.Errorf("then %d %v", hints.StatusCode, hints.Header)
		}
		if a := c.answer("GET"); a.StatusCode != 200 || a.body != "hello" || a.Header.Get("Link") != "" {
			t.Errorf("at last %d %q %v", a.StatusCode, a.body, a.Header)
		}
	})
	t.Run("not to HTTP/1.0", func(t *testing.T) {
		r.dial(t).ask(lines("GET / HTTP/1.0", "Host: a"), 200)
	})
}

func TestFewInterimAnswersAreAllowedManyAreNot(t *testing.T) {
	for name, tt := range map[string]struct{ count, status int }{"ten": {10, 200}, "a hundred": {100, 502}} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				v.request()
				v.say(strings.Repeat(lines("HTTP/1.1 102 Processing"), tt.count) + hello)
			})
			start(t, once, o).dial(t).ask(get("/"), tt.status)
		})
	}
}

func TestEndlessInterimAnswersAreBoundedByTime(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		v.request()
		tick := time.NewTicker(60 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := v.Conn.Write([]byte(lines("HTTP/1.1 102 Processing"))); err != nil {
				return
			}
		}
	})
	c := start(t, func(p *parts) { once(p); p.location.ResponseTimeout = 300 * time.Millisecond }, o).dial(t)
	began := time.Now()
	c.ask(get("/"), 504)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("after %v", took)
	}
}

// expecting is an upload whose client waits to be told to go on.
func expecting(l ...string) string {
	return lines(append([]string{"POST / HTTP/1.1", "Host: a", "Expect: 100-continue"}, l...)...)
}

func TestUpstreamSaysContinue(t *testing.T) {
	for name, tt := range map[string]struct{ framing, body string }{
		"length":  {"Content-Length: 5", "hello"},
		"chunked": {"Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				for {
					req, body, err := v.continued()
					if err != nil {
						return
					}
					if req.Header.Get("Expect") != "100-continue" || body != "hello" {
						t.Errorf("Expect %q, body %q", req.Header.Get("Expect"), body)
					}
					v.say(hello)
				}
			})
			c := start(t, nil, o).dial(t)
			for range 2 {
				c.send(expecting(tt.framing))
				if res := c.head("POST"); res.StatusCode != 100 {
					t.Fatalf("status %d", res.StatusCode)
				}
				if strings.HasSuffix(o.received(), "hello") {
					t.Error("the upstream got what the client has not sent")
				}
				c.send(tt.body)
				if a := c.answer("POST"); a.StatusCode != 200 || a.Close {
					t.Errorf("status %d, close %v", a.StatusCode, a.Close)
				}
			}
			if o.connections() != 1 {
				t.Errorf("%d connections", o.connections())
			}
		})
	}
}

func TestUpstreamRefusesBeforeTheBody(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		v.head()
		v.say(lines("HTTP/1.1 417 Expectation Failed", "Content-Length: 0"))
		v.ended()
	})
	r := start(t, nil, o)
	c := r.dial(t)
	c.send(expecting("Content-Length: 5"))
	a := c.answer("POST")
	if a.StatusCode != 417 || !a.Close {
		t.Errorf("status %d, close %v", a.StatusCode, a.Close)
	}
	c.send("hello")
	c.over()
	<-o.visit(t, 0).done // which expects a body, and so can serve nobody else
	if strings.Contains(o.received(), "hello") {
		t.Error("the body went to an upstream that did not want it")
	}
}

func TestUpstreamThatIgnoresExpectGetsTheBodyAfterAWait(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		if _, body, err := v.request(); body != "hello" || err != nil {
			t.Errorf("body %q, %v", body, err)
		}
		v.say(hello)
	})
	c := start(t, nil, o).dial(t)
	began := time.Now()
	c.send(expecting("Content-Length: 5"))
	if res := c.head("POST"); res.StatusCode != 100 {
		t.Fatalf("status %d", res.StatusCode)
	}
	if took := time.Since(began); took < 900*time.Millisecond || took > 3*time.Second {
		t.Errorf("told to go on after %v", took)
	}
	c.send("hello")
	if a := c.answer("POST"); a.StatusCode != 200 {
		t.Errorf("status %d", a.StatusCode)
	}
}

// A client may send without waiting, and HTTP/1.0 knows no Expect.
func TestClientThatDoesNotWait(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		for {
			req, body, err := v.continued()
			if err != nil {
				return
			}
			if body != "hello" {
				t.Errorf("%s: body %q", req.Proto, body)
			}
			v.say(hello)
		}
	})
	r := start(t, nil, o)
	c := r.dial(t)
	c.send(expecting("Content-Length: 5") + "hello")
	if res := c.head("POST"); res.StatusCode != 100 {
		t.Errorf("status %d", res.StatusCode)
	}
	c.answer("POST")
	r.dial(t).ask(lines("POST / HTTP/1.0", "Host: a", "Expect: 100-continue", "Content-Length: 5")+"hello", 200)
}
