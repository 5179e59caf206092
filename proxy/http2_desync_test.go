package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// smuggled is what a second request would look like to an upstream.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

// desync are requests in HTTP/2 that would be something else, or more than one, if
// they were written as HTTP/1 as they stand (row 29 of docs/http1.md).
var desync = map[string]struct {
	method, path string   // "" = GET, /
	fields       []string // in pairs
	content      string
}{
	"a coding":                      {"POST", "", []string{"transfer-encoding", "chunked"}, "0\r\n\r\n" + smuggled},
	"a coding in capitals":          {"POST", "", []string{"Transfer-Encoding", "chunked"}, "0\r\n\r\n" + smuggled},
	"a length too small":            {"POST", "", []string{"content-length", "3"}, "abc" + smuggled},
	"a length too large":            {"POST", "", []string{"content-length", "100"}, "abc"},
	"two lengths":                   {"POST", "", []string{"content-length", "3", "content-length", "38"}, "abc" + smuggled},
	"a length with a sign":          {"POST", "", []string{"content-length", "+3"}, "abc"},
	"a line end in a value":         {"", "", []string{"x", "a\r\nTransfer-Encoding: chunked"}, ""},
	"a request in a value":          {"", "", []string{"x", "a\r\n\r\n" + smuggled}, ""},
	"LF in a value":                 {"", "", []string{"x", "a\nb: c"}, ""},
	"NUL in a value":                {"", "", []string{"x", "a\x00b"}, ""},
	"a line end in a name":          {"", "", []string{"x: a\r\ntransfer-encoding", "chunked"}, ""},
	"a colon in a name":             {"", "", []string{"transfer-encoding: chunked\r\nx", "y"}, ""},
	"a space after a name":          {"", "", []string{"transfer-encoding ", "chunked"}, ""},
	"a request in the method":       {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", "", nil, ""},
	"a space in the method":         {"GET /smuggled HTTP/1.1", "", nil, ""},
	"a request in the path":         {"", "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled", nil, ""},
	"a version in the path":         {"", "/ HTTP/1.1", nil, ""},
	"a path without a slash":        {"", "smuggled", nil, ""},
	"a path above the root":         {"", "/../smuggled", nil, ""},
	"another host in the path":      {"", "http://b/smuggled", nil, ""},
	"its own host in the path":      {"", "http://a/smuggled", nil, ""},
	"a line end in the host":        {"", "", []string{"host", "a\r\nX: y"}, ""},
	"another host":                  {"", "", []string{"host", "b"}, ""},
	"fields of the connection":      {"", "", []string{"connection", "x", "x", "y"}, ""},
	"an upgrade":                    {"", "", []string{"upgrade", "h2c"}, ""},
	"TE beyond trailers":            {"", "", []string{"te", "trailers, chunked"}, ""},
	"a pseudo field at the end":     {"", "", []string{"x", "y", ":path", "/smuggled"}, ""},
	"a path twice":                  {"", "", []string{":path", "/smuggled"}, ""},
	"an unknown pseudo field":       {"", "", []string{":smuggled", "x"}, ""},
	"CONNECT":                       {"CONNECT", "", nil, ""},
	"TRACE":                         {"TRACE", "", nil, ""},
	"a body after a chunk's coding": {"POST", "", []string{"te", "chunked"}, smuggled},
}

func TestRequestsOverHTTP2CannotBecomeOthers(t *testing.T) {
	requests := make(chan *http.Request, 10)
	o := newOrigin(t, seen(requests, hello))
	r := start(t, func(p *parts) { once(p); p.limits.HTTP2 = true }, o)
	if got := r.asksInFrames(t, "abc", ":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/"); got != "200" {
		t.Fatalf("the answer to one with nothing wrong is %s", got)
	}
	<-requests
	for name, tt := range desync {
		t.Run(name, func(t *testing.T) {
			fields := append([]string{":method", orElse(tt.method, "GET"), ":scheme", "http", ":authority", "a", ":path", orElse(tt.path, "/")}, tt.fields...)
			if got := r.asksInFrames(t, tt.content, fields...); strings.HasPrefix(got, "2") {
				t.Errorf("the answer is %s", got)
			}
			r.dial(t).open("/next") // which finds its connection upstream in step
			if req := <-requests; req.URL.Path != "/next" {
				t.Errorf("the upstream got %s %s", req.Method, req.URL)
			}
		})
	}
}

// A length of nothing is right as far as it goes: the request may be served before
// the content comes that it denies. Nothing of that passes.
func TestContentBeyondALengthOfNothingOverHTTP2DoesNotPass(t *testing.T) {
	requests := make(chan *http.Request, 10)
	r := start(t, func(p *parts) { once(p); p.limits.HTTP2 = true }, newOrigin(t, seen(requests, hello)))
	r.asksInFrames(t, smuggled, ":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/", "content-length", "0")
	r.dial(t).open("/next")
	for req := <-requests; req.URL.Path != "/next"; req = <-requests {
		if req.Method != "POST" || req.URL.Path != "/" || req.ContentLength != 0 {
			t.Errorf("the upstream got %s %s with %d bytes", req.Method, req.URL, req.ContentLength)
		}
	}
}

// asksInFrames sends one request over a connection of its own, and says what came of it.
func (r *rig) asksInFrames(t *testing.T, content string, fields ...string) string {
	c := r.dial(t)
	c.send(http2.ClientPreface)
	f := &frames{http2.NewFramer(c.Conn, c.r), t}
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = f.WriteSettings()
	f.head(1, content == "", fields...)
	if content != "" {
		_ = f.WriteData(1, true, []byte(content)) // fails when it was refused by then
	}
	return f.outcome()
}

func orElse(text, usual string) string {
	if text == "" {
		return usual
	}
	return text
}

// outcome is what the proxy made of the first request: a status, or how it was
// refused without one.
func (f *frames) outcome() string {
	for {
		frame, err := f.ReadFrame()
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			return frame.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return "RST_STREAM " + frame.ErrCode.String()
		case *http2.GoAwayFrame:
			return "GOAWAY " + frame.ErrCode.String()
		}
		if err != nil {
			return err.Error()
		}
	}
}
