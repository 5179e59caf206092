package proxy_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// shortly is a time-out that a test waits for.
const shortly = 250 * time.Millisecond

// hasty is a rig that waits for nobody.
func hasty(p *parts) {
	once(p)
	p.limits.ReadHeaderTimeout, p.limits.IdleTimeout, p.limits.Stall = shortly, 2*shortly, shortly
	p.location.ResponseTimeout, p.location.ConnectTimeout = shortly, shortly
}

// inTime says that something has not lasted much longer than it should.
func inTime(t *testing.T, began time.Time, limit time.Duration) {
	t.Helper()
	if took := time.Since(began); took < limit*8/10 || took > limit+patience/2 {
		t.Errorf("after %v, want %v", took, limit)
	}
}

// trickles sends text byte by byte for ever, until the other side has had enough.
func trickles(nc net.Conn, begin, again string) {
	io.WriteString(nc, begin)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		<-tick.C
		if _, err := nc.Write([]byte{again[i%len(again)]}); err != nil {
			return
		}
	}
}

func TestSlowHeadIsRefused(t *testing.T) { everyTransport(t, slowHeadIsRefused) }

func slowHeadIsRefused(t *testing.T, on transport) {
	o := newOrigin(t, always(hello))
	r := start(t, on(hasty), o)
	for name, begin := range map[string]string{
		"request line": "GE",
		"fields":       "GET / HTTP/1.1\r\nHost: a\r\n",
		"last byte":    "GET / HTTP/1.1\r\nHost: a\r\n\r",
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			began := time.Now()
			c.send(begin)
			c.refused("GET", 408, "client_timeout")
			inTime(t, began, shortly)
		})
	}
	if o.received() != "" {
		t.Errorf("the upstream got %q", o.received())
	}
}

func TestTricklingHeadIsRefusedAllTheSame(t *testing.T) {
	everyTransport(t, tricklingHeadIsRefusedAllTheSame)
}

func tricklingHeadIsRefusedAllTheSame(t *testing.T, on transport) {
	r := start(t, on(hasty), newOrigin(t, always(hello)))
	c := r.dial(t)
	began, done := time.Now(), make(chan bool)
	var run = func() { trickles(c.Conn, "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"); close(done) }
	go run()
	c.refused("GET", 408, "client_timeout")
	c.Close()
	<-done
	inTime(t, began, shortly)
}

func TestIdleConnectionIsClosedWithoutAWord(t *testing.T) {
	everyTransport(t, idleConnectionIsClosedWithoutAWord)
}

func idleConnectionIsClosedWithoutAWord(t *testing.T, on transport) {
	r := start(t, on(hasty), newOrigin(t, always(hello)))
	for name, before := range map[string]func(*client){
		"that never asked":  func(*client) {},
		"that sent CRLF":    func(c *client) { c.send("\r\n") },
		"that was answered": func(c *client) { c.open("/") },
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			before(c)
			began := time.Now()
			c.over()
			inTime(t, began, 2*shortly)
		})
	}
}

func TestSlowBodyIsRefused(t *testing.T) { everyTransport(t, slowBodyIsRefused) }

func slowBodyIsRefused(t *testing.T, on transport) {
	o := newOrigin(t, always(hello))
	r := start(t, on(hasty), o)
	for name, request := range map[string]string{
		"small, with a length": post("Content-Length: 5") + "hel",
		"large, with a length": post("Content-Length: 500000") + string(upload(100_000)),
		"chunked":              chunks("5\r\nhel"),
		"between chunks":       chunks("5\r\nhello\r\n"),
		"in the trailer":       chunks("0\r\nX: "),
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			began := time.Now()
			c.send(request)
			c.refused("POST", 408, "client_timeout")
			inTime(t, began, shortly)
		})
	}
}

func TestSlowUpstreamIsAnsweredFor(t *testing.T) {
	for name, script := range map[string]func(*visit){
		"says nothing":       func(v *visit) { v.request(); v.ended() },
		"stops in the head":  func(v *visit) { v.request(); v.say("HTTP/1.1 200 OK\r\nX"); v.ended() },
		"trickles its head":  func(v *visit) { v.request(); trickles(v.Conn, "HTTP/1.1 200 OK\r\n", "X: y\r\n") },
		"stops after a 100":  func(v *visit) { v.request(); v.say(lines("HTTP/1.1 102 Processing")); v.ended() },
		"does not even read": func(v *visit) { <-v.origin.ending },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, script)
			c := start(t, hasty, o).dial(t)
			began := time.Now()
			if a := c.ask(get("/"), 504); a.Header.Get("X-Pingap-EType") != "upstream_timeout" || a.Close {
				t.Errorf("EType %q, close %v", a.Header.Get("X-Pingap-EType"), a.Close)
			}
			inTime(t, began, shortly)
		})
	}
}

func TestUpstreamThatDoesNotReadAnUploadTimesOut(t *testing.T) {
	o := newOrigin(t, func(v *visit) { <-v.origin.ending })
	request := post("Content-Length: 20000000") + string(make([]byte, 20_000_000))
	c := start(t, func(p *parts) { hasty(p); p.limits.Stall, p.limits.IdleTimeout = patience, patience }, o).dial(t)
	sent := make(chan bool)
	var run = func() { io.WriteString(c.Conn, request); close(sent) }
	go run()
	if a := c.answer("POST"); a.StatusCode != 504 || !a.Close {
		t.Errorf("status %d, close %v", a.StatusCode, a.Close)
	}
	c.Close()
	<-sent
}

func TestStalledAnswerIsBrokenOff(t *testing.T) { everyTransport(t, stalledAnswerIsBrokenOff) }

func stalledAnswerIsBrokenOff(t *testing.T, on transport) {
	for name, answer := range map[string]string{
		"length":      ok("Content-Length: 10") + "hello",
		"chunks":      ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n",
		"until close": ok() + "hello",
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) { v.request(); v.say(answer); v.ended() })
			c := start(t, on(hasty), o).dial(t)
			began := time.Now()
			c.send(get("/"))
			if a := c.answer("GET"); a.err == nil {
				t.Errorf("%q looks complete", a.body)
			}
			inTime(t, began, shortly)
			<-o.visit(t, 0).done
		})
	}
}

func TestSlowReaderIsCutOff(t *testing.T) { everyTransport(t, slowReaderIsCutOff) }

func slowReaderIsCutOff(t *testing.T, on transport) {
	for name, head := range map[string]string{
		"length": ok("Content-Length: 1000000000"),
		"chunks": ok("Transfer-Encoding: chunked") + "3b9aca00\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				v.request()
				v.say(head)
				for err := error(nil); err == nil; {
					_, err = v.Conn.Write(make([]byte, 64<<10))
				}
			})
			c := start(t, on(hasty), o).dial(t)
			began := time.Now()
			c.send(get("/"))
			<-o.visit(t, 0).done // the proxy has let go, for the client reads nothing
			inTime(t, began, shortly)
			if a := c.answer("GET"); a.err == nil {
				t.Error("looks complete")
			}
		})
	}
}

// A client that has much to read and takes its time is not one that stands still.
func TestSteadyReaderIsServedToTheEnd(t *testing.T) {
	const size = 12 << 20
	body := upload(size)
	o := newOrigin(t, always(ok(fmt.Sprint("Content-Length: ", size))+string(body)))
	c := start(t, func(p *parts) { hasty(p); p.limits.IdleTimeout = time.Minute }, o).dial(t)
	c.send(get("/"))
	res := c.head("GET")
	piece := make([]byte, 1<<20)
	for n := 0; n < size; n += len(piece) {
		if _, err := io.ReadFull(res.Body, piece); err != nil || !bytes.Equal(piece, body[n:n+len(piece)]) {
			t.Fatalf("not what was sent, or cut, after %d bytes: %v", n, err)
		}
		<-time.After(shortly / 5)
	}
	c.open("/") // and the connections are still in step
}

// The head's time is the head's: an answer may come long after.
func TestSlowAnswerOutlivesTheTimeOfItsRequestsHead(t *testing.T) {
	for name, answer := range map[string]string{"small": hello, "streamed": ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				v.request()
				<-time.After(3 * shortly)
				v.say(answer)
			})
			r := start(t, func(p *parts) { hasty(p); p.location.ResponseTimeout = time.Minute }, o)
			c := r.dial(t)
			c.send("GET / HTTP/1.1\r\n")
			<-time.After(20 * time.Millisecond)
			c.send("Host: a\r\n\r\n")
			if a := c.answer("GET"); a.body != "hello" || a.err != nil {
				t.Errorf("got %q, %v", a.body, a.err)
			}
		})
	}
}

func TestWholeExchangeIsBoundedWhereTheLocationSaysSo(t *testing.T) {
	bounded := func(p *parts) { once(p); p.location.Timeout = shortly }
	t.Run("to the head", func(t *testing.T) {
		c := start(t, bounded, newOrigin(t, func(v *visit) { v.request(); v.ended() })).dial(t)
		began := time.Now()
		c.ask(get("/"), 504)
		inTime(t, began, shortly)
	})
	t.Run("in a body that never stands still", func(t *testing.T) {
		c := start(t, bounded, newOrigin(t, func(v *visit) {
			v.request()
			trickles(v.Conn, ok("Content-Length: 1000000"), "x")
		})).dial(t)
		began := time.Now()
		c.send(get("/"))
		if a := c.answer("GET"); a.err == nil {
			t.Error("looks complete")
		}
		inTime(t, began, shortly)
	})
	t.Run("to a client that reads nothing", func(t *testing.T) {
		o := newOrigin(t, func(v *visit) {
			v.request()
			v.say(ok("Content-Length: 1000000000"))
			for err := error(nil); err == nil; {
				_, err = v.Conn.Write(make([]byte, 64<<10))
			}
		})
		c := start(t, bounded, o).dial(t)
		began := time.Now()
		c.send(get("/"))
		<-o.visit(t, 0).done
		inTime(t, began, shortly)
		if a := c.answer("GET"); a.err == nil {
			t.Error("looks complete")
		}
	})
	t.Run("in an upload that never stands still", func(t *testing.T) {
		c := start(t, bounded, newOrigin(t, always(hello))).dial(t)
		began, done := time.Now(), make(chan bool)
		var run = func() { trickles(c.Conn, post("Content-Length: 1000000"), "x"); close(done) }
		go run()
		if a := c.answer("POST"); a.StatusCode != 408 { // it is the client that was waited for
			t.Errorf("status %d", a.StatusCode)
		}
		c.Close()
		<-done
		inTime(t, began, shortly)
	})
}
