package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const badDays = `
[basic]
state_dir = "${STATE}"
[admin]
addr = "${ADMIN}"
[servers.http]
addr = "${PROXY}"
read_header_timeout = "200ms"
max_header_bytes = "4kb"

[upstreams.api]
addrs = ["${A}"]
[upstreams.api.retry]
attempts = 1
[upstreams.nobody]
addrs = ["${NOBODY}"]
[upstreams.none]
discovery = "file"
addrs = ["${LIST}"]

[locations.small]
upstream = "api"
path = "/small"
client_max_body_size = "10"
[locations.one]
upstream = "api"
path = "/one"
max_processing = 1
[locations.nobody]
upstream = "nobody"
path = "/nobody"
[locations.none]
upstream = "none"
path = "/none"
[locations.slow]
upstream = "api"
path = "/slow"
response_timeout = "100ms"
[locations.whole]
upstream = "api"
path = "/whole"
timeout = "100ms"
[locations.api]
upstream = "api"
path = "/api"
`

// badDay boots a proxy for whom nothing goes well.
func badDay(t *testing.T) (*stage, *program, *instance) {
	s := newStage(t)
	a := s.instance("A")
	s.env["LIST"] = write(t, "none.json", "[]")
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow", "/whole", "/one":
			slowly(5*time.Second, a.greet)(w, r)
		case "/api/reset":
			reset(w, r)
		case "/api/garbage":
			say("what? this is no HTTP\r\n\r\n")(w, r)
		case "/api/two-lengths":
			say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!")(w, r)
		default:
			a.greet(w, r)
		}
	})
	return s, s.boot(badDays), a
}

// raw sends bytes as they are and reads one response, and then whether the
// connection was closed.
func (f *face) raw(text string) (r reply, closed bool) {
	f.stage.Helper()
	c, err := net.Dial("tcp", f.proxy)
	if err != nil {
		f.stage.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, text); err != nil {
		f.stage.Fatal(err)
	}
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		f.stage.Fatalf("%.60q: %v", text, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		f.stage.Fatalf("%.60q: body: %v", text, err)
	}
	if !res.Close {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	}
	_, err = in.ReadByte()
	return reply{res, string(body)}, err == io.EOF
}

// What we answer ourselves has the statuses of the contract, HTML for browsers
// and JSON for others, and betrays nobody's address.
func TestOurOwnAnswers(t *testing.T) {
	s, p, a := badDay(t)
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: test\r\n" }
	for _, c := range []struct {
		name, request string
		status        int
		etype         string
		closed        bool
	}{
		{"no location", get("/"), 404, "no_route", false},
		{"a malformed field", get("/api") + "bad name: x\r\n", 400, "bad_request", true},
		{"no host", "GET /api HTTP/1.1\r\n", 400, "bad_request", true},
		{"two framings", "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400, "bad_request", true},
		{"a body too large by its length", "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n", 413, "body_too_large", true},
		{"a target too long", get("/api/" + strings.Repeat("a", 9000)), 414, "uri_too_long", true},
		{"a head too large", get("/api") + "X: " + strings.Repeat("a", 9000) + "\r\n", 431, "header_too_large", true},
		{"a connect that fails", get("/nobody"), 502, "connect_failed", false},
		{"a reset", get("/api/reset"), 502, "upstream_reset", false},
		{"garbage", get("/api/garbage"), 502, "bad_response", false},
		{"an ambiguous length", get("/api/two-lengths"), 502, "bad_response", false},
		{"an empty pool", get("/none"), 503, "no_endpoint", false},
		{"an upstream too slow", get("/slow"), 504, "upstream_timeout", false},
		{"an exchange too slow", get("/whole"), 504, "upstream_timeout", false},
	} {
		for kind, accept := range map[string]string{"text/html; charset=utf-8": "text/html,*/*;q=0.8", "application/json": "*/*"} {
			t.Run(c.name+" as "+kind[:strings.IndexAny(kind+";", ";")], func(t *testing.T) {
				end := "\r\n"
				if c.etype != "header_too_large" && c.etype != "bad_request" && c.etype != "uri_too_long" {
					end = "Accept: " + accept + "\r\n\r\n"
				}
				before := a.served.Load()
				r, closed := p.raw(c.request + end)
				if c.status < 500 && a.served.Load() != before {
					t.Error("the request reached the instance")
				}
				if r.StatusCode != c.status || r.Header.Get("X-Pingap-EType") != c.etype || closed != c.closed {
					t.Errorf("%d %s, closed %t; not %d %s, %t", r.StatusCode, r.Header.Get("X-Pingap-EType"), closed, c.status, c.etype, c.closed)
				}
				if end != "\r\n" && r.Header.Get("Content-Type") != kind {
					t.Errorf("the body is %s", r.Header.Get("Content-Type"))
				}
				s.wantNoAddress(t, r)
			})
		}
	}
}

// wantNoAddress checks that an answer names nobody behind the proxy.
func (s *stage) wantNoAddress(t *testing.T, r reply) {
	t.Helper()
	var head strings.Builder
	_ = r.Header.Write(&head)
	for _, name := range []string{"A", "NOBODY"} {
		_, port := split(s.env[name])
		if strings.Contains(r.body, port) || strings.Contains(head.String(), port) || strings.Contains(r.body, "127.0.0.1") {
			t.Errorf("the answer names %s:\n%s", s.env[name], r.body)
		}
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") && !json.Valid([]byte(r.body)) {
		t.Errorf("no JSON: %s", r.body)
	}
}

func TestABodyThatTurnsOutTooLargeIsRefused(t *testing.T) {
	_, p, _ := badDay(t)
	r, closed := p.raw("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n")
	if r.StatusCode != 413 || r.Header.Get("X-Pingap-EType") != "body_too_large" || !closed {
		t.Errorf("%d %s, closed %t", r.StatusCode, r.Header.Get("X-Pingap-EType"), closed)
	}
}

func TestAHeadThatComesTooSlowlyIsRefused(t *testing.T) {
	_, p, a := badDay(t)
	r, closed := p.raw("GET /api HTTP/1.1\r\nHost: ")
	if r.StatusCode != 408 || r.Header.Get("X-Pingap-EType") != "client_timeout" || !closed {
		t.Errorf("%d %s, closed %t", r.StatusCode, r.Header.Get("X-Pingap-EType"), closed)
	}
	if a.served.Load() != 0 {
		t.Error("an unfinished request reached the instance")
	}
}

func TestMoreRequestsThanALocationTakesAreRefused(t *testing.T) {
	_, p, a := badDay(t)
	begun := make(chan struct{})
	end := make(chan struct{})
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-end
	})
	done := make(chan reply, 1)
	go func() { done <- p.get("/one") }()
	<-begun
	r := p.get("/one")
	if r.StatusCode != 429 || r.Header.Get("X-Pingap-EType") != "too_many_requests" || r.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	close(end)
	if r := <-done; r.StatusCode != 200 {
		t.Errorf("the first got %d", r.StatusCode)
	}
	a.well()
	if r := p.get("/one"); r.StatusCode != 200 {
		t.Errorf("after it was over a request gets %d", r.StatusCode)
	}
}

// An upstream that dies in the middle of its body must not look complete.
func TestAResponseThatBreaksOffLooksBroken(t *testing.T) {
	for name, text := range map[string]string{
		"Content-Length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
		"chunked":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
		"a bad chunk":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\nzz\r\n",
		"much":           "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 500_000),
	} {
		t.Run(name, func(t *testing.T) {
			_, p, a := badDay(t)
			a.behave(say(text))
			res, err := p.client.Get("http://" + p.proxy + "/api")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if body, err := io.ReadAll(res.Body); err == nil {
				t.Errorf("the client takes %d bytes for a whole answer", len(body))
			}
		})
	}
}

func TestATemplateOfOnesOwnMakesTheAnswers(t *testing.T) {
	for kind, template := range map[string]string{
		"application/json":         `{"code": "{{error_type}}", "by": "{{version}}", "why": "{{content}}"}`,
		"text/html; charset=utf-8": `<h1>{{error_type}}</h1>{{version}}`,
	} {
		s := newStage(t)
		s.instance("A")
		p := s.boot(strings.Replace(head, "[basic]", fmt.Sprintf("[basic]\nerror_template = '%s'", template), 1) + single + "path = \"/api\"\n")
		r := p.get("/")
		if r.Header.Get("Content-Type") != kind || !strings.Contains(r.body, "no_route") || !strings.Contains(r.body, "e2e") || strings.Contains(r.body, "{{") {
			t.Errorf("%s: %s", r.Header.Get("Content-Type"), r.body)
		}
		p.leave()
	}
}
