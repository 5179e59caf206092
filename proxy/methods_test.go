package proxy_test

import (
	"net/http"
	"strings"
	"testing"
)

// seen answers every request and passes on what the upstream saw of it.
func seen(requests chan<- *http.Request, response string) func(*visit) {
	return func(v *visit) {
		for {
			req, _, err := v.request()
			if err != nil {
				return
			}
			requests <- req
			v.say(response)
		}
	}
}

func TestAnswersWithoutContent(t *testing.T) {
	for name, tt := range map[string]struct{ method, answer, length string }{
		"HEAD with a length":    {"HEAD", ok("Content-Length: 1000"), "1000"},
		"HEAD with chunks":      {"HEAD", ok("Transfer-Encoding: chunked"), ""},
		"HEAD with neither":     {"HEAD", ok(), ""},
		"204":                   {"GET", lines("HTTP/1.1 204 No Content"), ""},
		"204 with length 0":     {"GET", lines("HTTP/1.1 204 No Content", "Content-Length: 0"), ""},
		"304":                   {"GET", lines("HTTP/1.1 304 Not Modified", `ETag: "a"`), ""},
		"304 with a length":     {"GET", lines("HTTP/1.1 304 Not Modified", "Content-Length: 1000"), "1000"},
		"200 with length 0":     {"GET", ok("Content-Length: 0"), "0"},
		"200 with an empty one": {"GET", ok("Transfer-Encoding: chunked") + "0\r\n\r\n", ""},
		"404 to HEAD":           {"HEAD", lines("HTTP/1.1 404 Not Found", "Content-Length: 9"), "9"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, always(tt.answer))
			c := start(t, once, o).dial(t)
			for range 3 { // the connections to both sides stay in step
				c.send(lines(tt.method+" / HTTP/1.1", "Host: a"))
				a := c.answer(tt.method)
				if a.body != "" || a.err != nil || a.Close || a.Header.Get("Content-Length") != tt.length {
					t.Fatalf("body %q, length %q, close %v, %v", a.body, a.Header.Get("Content-Length"), a.Close, a.err)
				}
			}
			if n := o.connections(); n != 1 {
				t.Errorf("%d connections to the upstream", n)
			}
		})
	}
}

// A proxy with a clock dates what comes without a Date (RFC 9110 section 6.6.1).
func TestEveryAnswerIsDated(t *testing.T) {
	const theirs = "Sun, 06 Nov 1994 08:49:37 GMT"
	for name, tt := range map[string]struct {
		origin *origin
		date   string // "" = any
	}{
		"the upstream's own date":       {newOrigin(t, always(ok("Content-Length: 0", "Date: "+theirs))), theirs},
		"an upstream without a clock":   {newOrigin(t, always(hello)), ""},
		"our own answer after some try": {newOrigin(t, func(*visit) {}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, once, tt.origin).dial(t)
			c.send(lines("GET / HTTP/1.1", "Host: a"))
			a := c.answer("GET")
			dates := a.Header.Values("Date")
			if len(dates) != 1 || tt.date != "" && dates[0] != tt.date {
				t.Fatalf("%d answer is dated %q", a.StatusCode, dates)
			}
			if _, err := http.ParseTime(dates[0]); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOldClients(t *testing.T) {
	for name, tt := range map[string]struct {
		answer, request string
		closes          bool
	}{
		"length":                    {hello, lines("GET / HTTP/1.0"), true},
		"length, kept alive":        {hello, lines("GET / HTTP/1.0", "Connection: keep-alive"), false},
		"chunks become a close":     {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", lines("GET / HTTP/1.0"), true},
		"chunks end a kept one too": {ok("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", lines("GET / HTTP/1.0", "Connection: keep-alive"), true},
		"post, kept alive":          {hello, lines("POST / HTTP/1.0", "Connection: Keep-Alive", "Content-Length: 2") + "hi", false},
	} {
		t.Run(name, func(t *testing.T) {
			requests := make(chan *http.Request, 10)
			r := start(t, nil, newOrigin(t, seen(requests, tt.answer)))
			c := r.dial(t)
			for range 3 {
				a := c.ask(tt.request, 200)
				if a.body != "hello" || len(a.TransferEncoding) > 0 || a.Close != tt.closes {
					t.Fatalf("body %q, coding %v, close %v", a.body, a.TransferEncoding, a.Close)
				}
				if req := <-requests; req.Proto != "HTTP/1.1" {
					t.Errorf("the upstream was asked in %s", req.Proto)
				}
				if tt.closes {
					c.over()
					break
				}
				if a.Header.Get("Connection") != "keep-alive" {
					t.Errorf("Connection %q", a.Header.Get("Connection"))
				}
			}
		})
	}
}

func TestTargetsAndMethods(t *testing.T) {
	requests := make(chan *http.Request, 1)
	r := start(t, nil, newOrigin(t, seen(requests, hello)))
	for name, tt := range map[string]struct{ request, method, target, host string }{
		"origin-form":           {lines("GET /a?b=c HTTP/1.1", "Host: a.test:81"), "GET", "/a?b=c", "a.test:81"},
		"absolute-form":         {lines("GET http://b.test/a?b HTTP/1.1", "Host: a.test"), "GET", "/a?b", "b.test"},
		"absolute, no path":     {lines("GET http://b.test HTTP/1.1", "Host: b.test"), "GET", "/", "b.test"},
		"asterisk":              {lines("OPTIONS * HTTP/1.1", "Host: a.test"), "OPTIONS", "*", "a.test"},
		"an unknown method":     {lines("BREW /pot HTTP/1.1", "Host: a.test"), "BREW", "/pot", "a.test"},
		"a method in lowercase": {lines("get / HTTP/1.1", "Host: a.test"), "get", "/", "a.test"},
		"dot segments":          {lines("GET /a/./b/../c HTTP/1.1", "Host: a.test"), "GET", "/a/c", "a.test"},
	} {
		t.Run(name, func(t *testing.T) {
			r.dial(t).ask(tt.request, 200)
			if req := <-requests; req.Method != tt.method || req.RequestURI != tt.target || req.Host != tt.host {
				t.Errorf("the upstream got %s %s for %s", req.Method, req.RequestURI, req.Host)
			}
		})
	}
}

func TestHopByHopFieldsStayBehind(t *testing.T) {
	requests := make(chan *http.Request, 1)
	o := newOrigin(t, seen(requests, ok("Content-Length: 0", "Connection: X-Internal, keep-alive", "X-Internal: 1", "Keep-Alive: timeout=9", "X-Kept: 1")))
	r := start(t, nil, o)
	a := r.dial(t).ask(lines("GET / HTTP/1.1", "Host: a", "Connection: X-Hop, Authorization", "X-Hop: 1", "Authorization: me",
		"Proxy-Connection: keep-alive", "Keep-Alive: 5", "HTTP2-Settings: AAAA", "Upgrade: h2c", "Content_Length: 5", "X-Kept: 1"), 200)
	if a.Header.Get("X-Internal") != "" || a.Header.Get("Keep-Alive") != "" || a.Header.Get("X-Kept") != "1" {
		t.Errorf("the client got %v", a.Header)
	}
	req := <-requests
	for _, gone := range []string{"X-Hop", "Proxy-Connection", "Keep-Alive", "Http2-Settings", "Upgrade", "Content_Length", "Connection"} {
		if v := req.Header.Values(gone); len(v) > 0 {
			t.Errorf("the upstream got %s: %s", gone, strings.Join(v, ", "))
		}
	}
	if req.Header.Get("Authorization") != "me" || req.Header.Get("X-Kept") != "1" {
		t.Errorf("the upstream got %v", req.Header)
	}
}

func TestClientThatAsksForACloseGetsIt(t *testing.T) {
	r := start(t, nil, newOrigin(t, always(hello)))
	c := r.dial(t)
	if a := c.ask(lines("GET / HTTP/1.1", "Host: a", "Connection: close"), 200); !a.Close {
		t.Error("the answer does not say close")
	}
	c.over()
}

// What follows the last request must not turn the end into a reset that takes
// the answer with it.
func TestAnswerBeforeACloseIsHeardThoughTheClientSendsOn(t *testing.T) {
	r := start(t, nil, newOrigin(t, always(ok("Content-Length: 100000")+strings.Repeat("x", 100_000))))
	c := r.dial(t)
	c.send(lines("GET / HTTP/1.1", "Host: a", "Connection: close") + strings.Repeat(get("/never"), 100))
	if a := c.answer("GET"); len(a.body) != 100_000 || a.err != nil {
		t.Errorf("%d bytes, %v", len(a.body), a.err)
	}
	c.over()
}

// NTLM and Negotiate authenticate a connection, on which an upstream would then
// take anybody for that client.
func TestConnectionThatAClientHasAuthenticatedIsNotShared(t *testing.T) {
	for scheme, shared := range map[string]bool{"NTLM TlRM": false, "Negotiate YII": false, "Basic eDp5": true} {
		t.Run(scheme, func(t *testing.T) {
			o := newOrigin(t, always(hello))
			r := start(t, nil, o)
			r.dial(t).ask(lines("GET / HTTP/1.1", "Host: a", "Authorization: "+scheme), 200)
			r.dial(t).open("/innocent")
			if got := o.connections() == 1; got != shared {
				t.Errorf("shared %v, want %v", got, shared)
			}
		})
	}
}
