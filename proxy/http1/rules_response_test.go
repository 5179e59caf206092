package http1

import (
	"strings"
	"testing"

	"pingap-go/message"
)

// ok is a response with the given field lines.
func ok(lines ...string) string { return response("HTTP/1.1 200 OK", lines...) }

func response(start string, lines ...string) string {
	return start + "\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

var responseRules = []rule{
	{1, "length and coding", ok("Content-Length: 5", "Transfer-Encoding: chunked"), 502},
	{2, "xchunked", ok("Transfer-Encoding: xchunked"), 502},
	{2, "gzip, chunked", ok("Transfer-Encoding: gzip, chunked"), 502},
	{2, "two lines", ok("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 502},
	{4, "two lengths", ok("Content-Length: 5", "Content-Length: 5"), 502},
	{4, "list", ok("Content-Length: 5, 5"), 502},
	{4, "minus", ok("Content-Length: -1"), 502},
	{4, "overflow", ok("Content-Length: 9223372036854775808"), 502},
	{5, "status line", "HTTP/1.1 200 OK\n\r\n", 502},
	{5, "header line", "HTTP/1.1 200 OK\r\nA: b\n\r\n", 502},
	{6, "CR in value", ok("A: b\rSet-Cookie: c"), 502},
	{6, "NUL in value", ok("A: b\x00"), 502},
	{6, "CR in reason", response("HTTP/1.1 200 O\rK"), 502},
	{6, "NUL in reason", response("HTTP/1.1 200 O\x00K"), 502},
	{7, "folded", ok("A: b", " c"), 502},
	{7, "space before the first header", ok(" A: b"), 502},
	{8, "space before colon", ok("A : b"), 502},
	{8, "empty name", ok(": b"), 502},
	{8, "no colon", ok("garbage"), 502},
	{18, "chunked in 1.0", response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"), 502},
	{22, "101 without Upgrade", response("HTTP/1.1 101 Switching Protocols", "Connection: upgrade"), 502},
	{22, "101 without Connection", response("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket"), 502},
	{22, "101 to h2c", response("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: h2c"), 502},
	{22, "101 to two protocols", response("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket, h2c"), 502},
	{27, "garbage", "garbage\r\n\r\n", 502},
	{27, "nothing", "", 502},
	{27, "other protocol", response("ICY 200 OK"), 502},
	{27, "2.0", response("HTTP/2.0 200 OK"), 502},
	{27, "1.2", response("HTTP/1.2 200 OK"), 502},
	{27, "01.1", response("HTTP/01.1 200 OK"), 502},
	{27, "two spaces before the status", response("HTTP/1.1  200 OK"), 502},
	{27, "status of two digits", response("HTTP/1.1 20 OK"), 502},
	{27, "status of four digits", response("HTTP/1.1 2000 OK"), 502},
	{27, "status 099", response("HTTP/1.1 099 OK"), 502},
	{27, "status with a sign", response("HTTP/1.1 +20 OK"), 502},
	{27, "status in letters", response("HTTP/1.1 abc OK"), 502},
	{27, "request instead", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 502},
	{27, "empty reason", response("HTTP/1.1 200 "), 0},
	{27, "no reason", response("HTTP/1.1 200"), 0},
	{27, "long reason", response("HTTP/1.1 200 as you wish, caf\xe9"), 0},
	{27, "status 999", response("HTTP/1.1 999 Denied"), 0},
	{30, "129 fields", ok(strings.Split(strings.Repeat("A: b\n", 128)+"A: b", "\n")...), 502},
}

func TestResponseRules(t *testing.T) {
	for _, r := range responseRules {
		t.Run(rowName(r.row, r.name), func(t *testing.T) {
			var res message.Response
			_, err := ParseResponse(r.head, "GET", &res)
			status := 0
			if f := faultOf(t, err); f != nil {
				status = f.Status
				checkRefusal(t, f)
			}
			if status != r.want {
				t.Errorf("status %d, want %d, for %q", status, r.want, r.head)
			}
		})
	}
}

func TestResponseFraming(t *testing.T) {
	const chunked, length = "Transfer-Encoding: chunked", "Content-Length: 5"
	tests := []struct {
		name, method, head string
		framing            Framing
		length             int64
		close              bool
	}{
		{"length", "GET", ok(length), Length, 5, false},
		{"length 0", "GET", ok("Content-Length: 0"), NoBody, 0, false},
		{"chunked", "GET", ok(chunked), Chunks, -1, false},
		{"neither", "GET", ok(), UntilClose, -1, true},
		{"close", "GET", ok(length, "Connection: close"), Length, 5, true},
		{"close among others", "GET", ok(length, "Connection: X, CLOSE"), Length, 5, true},
		{"1.0", "GET", response("HTTP/1.0 200 OK", length), Length, 5, true},
		{"1.0 that keeps alive", "GET", response("HTTP/1.0 200 OK", length, "Connection: keep-alive"), Length, 5, false},
		{"HEAD with a length", "HEAD", ok(length), NoBody, 5, false},
		{"HEAD with chunked", "HEAD", ok(chunked), NoBody, -1, false},
		{"HEAD with neither", "HEAD", ok(), NoBody, -1, false},
		{"304 with a length", "GET", response("HTTP/1.1 304 Not Modified", length), NoBody, 5, false},
		{"304 with neither", "GET", response("HTTP/1.1 304 Not Modified"), NoBody, -1, false},
		{"204", "GET", response("HTTP/1.1 204 No Content"), NoBody, 0, false},
		{"204 with length 0", "GET", response("HTTP/1.1 204 No Content", "Content-Length: 0"), NoBody, 0, false},
		{"204 with a length is not trusted again", "GET", response("HTTP/1.1 204 No Content", length), NoBody, 0, true},
		{"204 with chunked is not trusted again", "GET", response("HTTP/1.1 204 No Content", chunked), NoBody, 0, true},
		{"100", "POST", response("HTTP/1.1 100 Continue"), NoBody, 0, false},
		{"103 with a length", "GET", response("HTTP/1.1 103 Early Hints", length), NoBody, 0, true},
		{"205 may have content after all", "GET", response("HTTP/1.1 205 Reset Content", length), Length, 5, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var res message.Response
			framing, err := ParseResponse(tt.head, tt.method, &res)
			if err != nil {
				t.Fatal(err)
			}
			if framing != tt.framing || res.ContentLength != tt.length || res.Close != tt.close {
				t.Errorf("framing %d, length %d, close %v; want %d, %d, %v",
					framing, res.ContentLength, res.Close, tt.framing, tt.length, tt.close)
			}
		})
	}
}

func TestResponseIsReadWhole(t *testing.T) {
	var res message.Response
	framing, err := ParseResponse(response("HTTP/1.1 203  Non-Authoritative ",
		"set-cookie: a=1", "Keep-Alive: timeout=5, max=100", "Set-Cookie: b=2", "Connection: keep-alive, X-Internal",
		"X-Internal: 10.0.0.1", "Proxy-Authenticate: Basic", "Upgrade: h2c", "Content-Length: 7", "Server: s"), "GET", &res)
	if err != nil || framing != Length {
		t.Fatal(framing, err)
	}
	if res.Status != 203 || res.Reason != "Non-Authoritative" || res.KeepAlive != 5 || res.Upgrade != "" {
		t.Errorf("got %+v", res)
	}
	if got := lines(&res.Header); got != "set-cookie: a=1|Set-Cookie: b=2|Server: s" {
		t.Errorf("fields %s", got)
	}
}

func TestSwitchingProtocols(t *testing.T) {
	var res message.Response
	framing, err := ParseResponse(response("HTTP/1.1 101 Switching Protocols",
		"UPGRADE: WebSocket", "connection: Upgrade", "Sec-WebSocket-Accept: x"), "GET", &res)
	if err != nil || framing != NoBody || res.Upgrade != "websocket" || res.Close {
		t.Errorf("framing %d, %+v, %v", framing, res, err)
	}
}

func lines(h *message.Header) string {
	var all []string
	for name, value := range h.All() {
		all = append(all, name+": "+value)
	}
	return strings.Join(all, "|")
}
