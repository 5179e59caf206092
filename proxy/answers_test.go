package proxy_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"pingap-go/upstream"
)

// once keeps retries out of a test: one try is all there is.
func once(p *parts) { p.pool.Retry = upstream.Retry{Attempts: 1, ReplayBuffer: 64 << 10} }

func ok(l ...string) string { return lines(append([]string{"HTTP/1.1 200 OK"}, l...)...) }

// badAnswers are responses that a row of docs/http1.md refuses.
var badAnswers = []struct{ row, name, response string }{
	{"1", "length and coding", ok("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n"},
	{"2", "unknown coding", ok("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n"},
	{"4", "two lengths", ok("Content-Length: 5", "Content-Length: 6") + "hello!"},
	{"4", "equal lengths", ok("Content-Length: 5", "Content-Length: 5") + "hello"},
	{"5", "bare LF", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"},
	{"6", "CR in a value", ok("X: a\rSet-Cookie: b", "Content-Length: 0")},
	{"6", "NUL in a value", ok("X: a\x00", "Content-Length: 0")},
	{"7", "folded line", ok("X: a", " b", "Content-Length: 0")},
	{"8", "space before colon", ok("Content-Length : 5") + "hello"},
	{"8", "no colon", ok("garbage")},
	{"10", "chunk size with 0x", ok("Transfer-Encoding: chunked") + "0x5\r\nhello\r\n0\r\n\r\n"},
	{"11", "bare LF after chunk size", ok("Transfer-Encoding: chunked") + "5\nhello\r\n0\r\n\r\n"},
	{"18", "coding in HTTP/1.0", lines("HTTP/1.0 200 OK", "Transfer-Encoding: chunked") + "0\r\n\r\n"},
	{"22", "101 that nobody asked for", lines("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket")},
	{"22", "101 to h2c", lines("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: h2c")},
	{"25", "endless 1xx", strings.Repeat(lines("HTTP/1.1 102 Processing"), 1000)},
	{"27", "garbage", "what do you want?\r\n\r\n"},
	{"27", "HTTP/0.9", "<html>hello</html>"},
	{"27", "HTTP/2", lines("HTTP/2.0 200 OK", "Content-Length: 0")},
	{"27", "status of two digits", lines("HTTP/1.1 20 OK", "Content-Length: 0")},
	{"30", "endless head", ok("X: " + strings.Repeat("y", 100<<10))},
	{"30", "endless fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 20<<10)},
}

func TestBadAnswersAreOursToExcuseAndEndTheirConnection(t *testing.T) {
	for _, bad := range badAnswers {
		t.Run("row "+bad.row+" "+bad.name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				if v.number > 0 {
					always(hello)(v)
				} else if _, _, err := v.request(); err == nil {
					v.say(bad.response + hello)
					v.ended()
				}
			})
			r := start(t, once, o)
			c := r.dial(t)
			a := c.ask(get("/"), 502)
			if etype := a.Header.Get("X-Pingap-EType"); etype != "bad_response" {
				t.Errorf("EType %q", etype)
			}
			if a.Header.Get("X") != "" || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("a field of the bad answer got through: %v", a.Header)
			}
			<-o.visit(t, 0).done // its connection is closed, not kept
			r.dial(t).open("/next")
		})
	}
}

// What breaks the rules only after the head has gone out can only be broken off.
func TestAnswersThatGoBadLaterAreBrokenOff(t *testing.T) {
	for name, script := range map[string]struct{ head, rest string }{
		"bad chunk size":         {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n", "zz\r\n"},
		"no CRLF after chunk":    {ok("Transfer-Encoding: chunked") + "5\r\nhello", "0\r\n\r\n"},
		"bad trailer":            {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n", "0\r\nX : y\r\n\r\n"},
		"endless trailers":       {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n", "0\r\n" + strings.Repeat("X: y\r\n", 20<<10)},
		"endless extension":      {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n", "1;" + strings.Repeat("x", 300<<10)},
		"endless extensions":     {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n", strings.Repeat("1;"+strings.Repeat("x", 200)+"\r\ny\r\n", 1000)},
		"end before last chunk":  {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n", ""},
		"end inside of a chunk":  {ok("Transfer-Encoding: chunked") + "5\r\nhe", ""},
		"end inside of a length": {ok("Content-Length: 10") + "hello", ""},
		"end after the head":     {ok("Content-Length: 10"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{})
			o := newOrigin(t, func(v *visit) {
				v.request()
				v.say(script.head)
				<-seen
				v.say(script.rest)
			})
			c := start(t, once, o).dial(t)
			c.send(get("/"))
			res := c.head("GET")
			close(seen)
			if body, err := io.ReadAll(res.Body); err == nil {
				t.Fatalf("%q looks complete", body)
			}
			<-o.visit(t, 0).done
		})
	}
}

// A body that ends with its connection cannot be told from one that was cut, if
// the upstream closes cleanly. A reset is another matter.
func TestBodyUntilCloseThatIsResetIsBrokenOff(t *testing.T) {
	for name, minor := range map[string]string{"HTTP/1.1 client": "1", "HTTP/1.0 client": "0"} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{})
			o := newOrigin(t, func(v *visit) {
				v.request()
				v.say("HTTP/1.1 200 OK\r\n\r\nhello")
				<-seen
				v.reset()
			})
			c := start(t, once, o).dial(t)
			c.send(lines("GET / HTTP/1."+minor, "Host: a"))
			res := c.head("GET")
			close(seen)
			if body, err := io.ReadAll(res.Body); err == nil {
				t.Fatalf("%q looks complete", body)
			}
		})
	}
}

func TestBodyUntilCloseThatEndsIsWhole(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		v.request()
		v.say("HTTP/1.1 200 OK\r\n\r\nhello")
	})
	r := start(t, once, o)
	c := r.dial(t)
	if a := c.ask(get("/"), 200); a.body != "hello" || a.TransferEncoding == nil {
		t.Errorf("body %q, coding %v", a.body, a.TransferEncoding)
	}
	if a := c.ask(lines("GET / HTTP/1.0", "Host: a", "Connection: keep-alive"), 200); a.body != "hello" || !a.Close {
		t.Errorf("body %q, close %v", a.body, a.Close)
	}
	c.over()
}

// Bytes after a response belong to nothing: another client must never see them
// as the answer to its request.
func TestBytesAfterAnAnswerEndTheConnection(t *testing.T) {
	poison := lines("HTTP/1.1 200 OK", "Content-Length: 6") + "poison"
	for name, tt := range map[string]struct{ method, answer string }{
		"after a length":     {"GET", hello},
		"after chunks":       {"GET", ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n"},
		"after HEAD":         {"HEAD", ok("Content-Length: 5")},
		"after 204":          {"GET", lines("HTTP/1.1 204 No Content")},
		"after 304":          {"GET", lines("HTTP/1.1 304 Not Modified")},
		"after empty":        {"GET", ok("Content-Length: 0")},
		"204 with a length":  {"GET", lines("HTTP/1.1 204 No Content", "Content-Length: 87")},
		"HEAD with its body": {"HEAD", ok("Content-Length: 87")},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				if v.number > 0 {
					always(hello)(v)
				} else if _, _, err := v.request(); err == nil {
					v.say(tt.answer + poison)
					v.ended()
				}
			})
			r := start(t, nil, o)
			c := r.dial(t)
			c.send(lines(tt.method+" / HTTP/1.1", "Host: a"))
			if a := c.answer(tt.method); strings.Contains(a.body, "poison") || a.err != nil {
				t.Errorf("body %q, %v", a.body, a.err)
			}
			if a := r.dial(t).ask(get("/innocent"), 200); a.body != "hello" {
				t.Errorf("another client got %q", a.body)
			}
			<-o.visit(t, 0).done
		})
	}
}

// An upstream may send more than its answer a little later. What waits on a kept
// connection is never the answer to a request that was not sent yet: neither a
// body that HEAD cannot have, nor a second answer, nor anything else.
func TestBytesAfterAnAnswerThatComeLateAreNotTheNextAnswer(t *testing.T) {
	poison := lines("HTTP/1.1 200 OK", "Content-Length: 6") + "poison"
	for name, tt := range map[string]struct{ method, answer, late string }{
		"a body after HEAD":      {"HEAD", ok("Content-Length: 43"), poison},
		"another answer":         {"GET", hello, poison},
		"another after chunks":   {"GET", ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", poison},
		"another without length": {"GET", hello, "HTTP/1.1 200 OK\r\n\r\npoison"},
		"an interim answer":      {"GET", hello, lines("HTTP/1.1 103 Early Hints", "Link: </poison>")},
		"an empty line":          {"GET", hello, "\r\n"},
	} {
		for _, next := range []string{"GET", "POST"} {
			t.Run(name+", then "+next, func(t *testing.T) {
				seen, sent := make(chan struct{}), make(chan struct{})
				o := newOrigin(t, func(v *visit) {
					if v.number > 0 {
						always(hello)(v)
						return
					}
					v.request()
					v.say(tt.answer)
					<-seen
					v.say(tt.late)
					close(sent)
					v.ended()
				})
				r := start(t, nil, o)
				c := r.dial(t)
				c.send(lines(tt.method+" / HTTP/1.1", "Host: a"))
				c.answer(tt.method)
				close(seen)
				<-sent
				<-time.After(50 * time.Millisecond) // loopback delivers at once, as a rule
				if a := r.dial(t).ask(lines(next+" /innocent HTTP/1.1", "Host: a", "Content-Length: 0"), 200); a.body != "hello" {
					t.Errorf("another client got %q", a.body)
				}
				<-o.visit(t, 0).done
			})
		}
	}
}

// Some servers end their answers with an empty line too many. The next request
// may be on its way by the time that it comes, which is no reason to fail it.
func TestRestOfAnAnswerOnAKeptConnectionFailsNobody(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		for {
			if _, _, err := v.request(); err != nil {
				return
			}
			v.say(hello)
			v.say("\r\n")
		}
	})
	c := start(t, once, o).dial(t)
	for range 300 {
		c.open("/")
	}
	t.Logf("%d connections for 300 requests", o.connections())
}
