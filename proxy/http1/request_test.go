package http1

import (
	"strings"
	"testing"

	"pingap-go/message"
)

func parsed(t *testing.T, head string) *message.Request {
	t.Helper()
	var req message.Request
	if err := ParseRequest(head, &req, nil); err != nil {
		t.Fatalf("%v, for %q", err, head)
	}
	return &req
}

func TestRequestIsReadWhole(t *testing.T) {
	req := parsed(t, "POST /a/%7Eb?x=%zz&y HTTP/1.1\r\nhOST: Example.com:8080\r\nX-b: 1\r\nx-B: 2 \r\n"+
		"Cookie: a=1\r\nTransfer-Encoding: chunked\r\nExpect: 100-Continue\r\nTE: gzip;q=1, trailers\r\n\r\n")
	want := message.Request{
		Method: "POST", Path: "/a/~b", Query: "x=%zz&y", HasQuery: true, Target: "/a/%7Eb?x=%zz&y",
		Authority: "Example.com:8080", Major: 1, Minor: 1, ContentLength: message.UnknownLength,
		ExpectContinue: true, AcceptsTrailers: true,
	}
	if got := lines(&req.Header); got != "X-b: 1|x-B: 2|Cookie: a=1" {
		t.Errorf("fields %s", got)
	}
	req.Header = message.Header{}
	if got, want := summary(req), summary(&want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestParsedFieldsAreChecked(t *testing.T) {
	req := parsed(t, get("A: b", "Date: now"))
	for _, f := range req.Header.Fields() {
		if !f.Checked || f.Known != message.Lookup(f.Name) {
			t.Errorf("field %+v", f)
		}
	}
}

func TestTargetForms(t *testing.T) {
	tests := []struct{ name, start, path, query, authority string }{
		{"origin", "GET /a HTTP/1.1", "/a", "", "example.com"},
		{"origin with a query", "GET /a?b=/../c?d HTTP/1.1", "/a", "b=/../c?d", "example.com"},
		{"origin with two slashes", "GET //a/ HTTP/1.1", "//a/", "", "example.com"},
		{"absolute", "GET http://Other:81/a/../b?c HTTP/1.1", "/b", "c", "Other:81"},
		{"absolute without path", "GET http://other HTTP/1.1", "/", "", "other"},
		{"absolute with query only", "GET http://other?a HTTP/1.1", "/", "a", "other"},
		{"absolute with empty port", "GET http://other:/ HTTP/1.1", "/", "", "other"},
		{"absolute with an address", "GET http://[::1]:80/ HTTP/1.1", "/", "", "[::1]:80"},
		{"asterisk", "OPTIONS * HTTP/1.1", "*", "", "example.com"},
		{"asterisk in absolute-form", "OPTIONS http://other HTTP/1.1", "*", "", "other"},
		{"OPTIONS of a path", "OPTIONS http://other/ HTTP/1.1", "/", "", "other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := parsed(t, request(tt.start))
			if req.Path != tt.path || req.Query != tt.query || req.Authority != tt.authority ||
				req.HasQuery != strings.Contains(tt.start, "?") {
				t.Errorf("path %q, query %q (%v), authority %q", req.Path, req.Query, req.HasQuery, req.Authority)
			}
		})
	}
}

func TestHost(t *testing.T) {
	accepted := map[string]string{
		"example.com": "example.com", "EXAMPLE.com.": "EXAMPLE.com.", "a_b-c.d:1": "a_b-c.d:1", "a:": "a", "a:00080": "a:00080",
		"127.0.0.1:65535": "127.0.0.1:65535", "[::1]": "[::1]", "[::1]:": "[::1]", "[2001:db8::1]:8080": "[2001:db8::1]:8080",
		"[::ffff:1.2.3.4]": "[::ffff:1.2.3.4]", " a ": "a",
	}
	for host, want := range accepted {
		if req := parsed(t, "GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); req.Authority != want {
			t.Errorf("Host %q gives %q, want %q", host, req.Authority, want)
		}
	}
	refused := []string{
		"", ":80", "a,b", "a b", "a\tb", "u@a", "u:p@a", "a/b", "a?b", "a#b", `a\b`, "a:b", "a:80:80", "a:-1", "a:+1", "a:65536",
		"a:99999999999999999999", "a%20b", "a;b", "a'b", `"a"`, "(a)", "[", "[]", "[a]", "[1.2.3.4]", "[::1", "::1", "[::1%eth0]", "[::1%25eth0]", "[::1]a",
		"[::1]:x", "[::g]", "[v1.a]", "\u00e9.com", "a\x7f",
	}
	for _, host := range refused {
		var req message.Request
		if err := ParseRequest("GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n", &req, nil); err == nil {
			t.Errorf("Host %q is accepted as %q", host, req.Authority)
		}
	}
}

func TestClose(t *testing.T) {
	tests := []struct {
		name, head string
		want       bool
	}{
		{"1.1", get(), false},
		{"1.1 close", get("Connection: close"), true},
		{"1.1 close in another line", get("Connection: a", "Connection: b, CLOSE"), true},
		{"1.1 closed", get("Connection: closed"), false},
		{"1.1 keep-alive and close", get("Connection: keep-alive, close"), true},
		{"1.0", request("GET / HTTP/1.0"), true},
		{"1.0 keep-alive", request("GET / HTTP/1.0", "Connection: Keep-Alive"), false},
		{"1.0 keep-alive and close", request("GET / HTTP/1.0", "Connection: close, keep-alive"), true},
		{"Proxy-Connection is nothing", request("GET / HTTP/1.0", "Proxy-Connection: keep-alive"), true},
	}
	for _, tt := range tests {
		if got := parsed(t, tt.head).Close; got != tt.want {
			t.Errorf("%s: Close %v", tt.name, got)
		}
	}
}

// Row 19: what says nothing about a body has none.
func TestRequestFraming(t *testing.T) {
	for head, want := range map[string]int64{
		get(): 0, post(): 0, post("Connection: close"): 0, request("POST / HTTP/1.0"): 0, request("PUT / HTTP/1.0", "Connection: close"): 0,
		post("Content-Length: 0"): 0, get("Content-Length: 7"): 7, post("Content-Length: 0010"): 10,
		get("Transfer-Encoding: chunked"): message.UnknownLength, post("Content-Type: multipart/form-data"): 0,
	} {
		if got := parsed(t, head).ContentLength; got != want {
			t.Errorf("length %d, want %d, for %q", got, want, head)
		}
	}
}

func TestExpectContinueNeedsABodyAnd11(t *testing.T) {
	const expect = "Expect: 100-Continue"
	for head, want := range map[string]bool{
		post(expect, "Content-Length: 5"):                       true,
		post(expect, "Transfer-Encoding: chunked"):              true,
		post(expect, "Content-Length: 0"):                       false,
		post(expect):                                            false,
		request("POST / HTTP/1.0", expect, "Content-Length: 5"): false,
	} {
		if got := parsed(t, head).ExpectContinue; got != want {
			t.Errorf("ExpectContinue %v, want %v, for %q", got, want, head)
		}
	}
}

func TestLimitsAreThoseGiven(t *testing.T) {
	lim := &Limits{MaxHeadBytes: 100, MaxTargetBytes: 10, MaxFields: 2}
	for head, want := range map[string]int{
		get("A: b"):                          0,
		get("A: b", "C: d"):                  431,
		get("A: " + strings.Repeat("b", 80)): 431,
		request("GET /234567890 HTTP/1.1"):   0,
		request("GET /2345678901 HTTP/1.1"):  414,
	} {
		var req message.Request
		status := 0
		if f := faultOf(t, ParseRequest(head, &req, lim)); f != nil {
			status = f.Status
		}
		if status != want {
			t.Errorf("status %d, want %d, for %q", status, want, head)
		}
	}
}
