package http1

import (
	"testing"

	"pingap-go/message"
)

func TestHopByHopFieldsStayBehind(t *testing.T) {
	req := parsed(t, get("A: 1", "Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
		"Proxy-Authorization: Basic eA==", "Proxy-Authenticate: Basic", "TE: trailers", "Trailer: X", "Upgrade: h2c",
		"HTTP2-Settings: AAMAAABkAAQAAP__", "Content-Length: 0", "Expect: 100-continue", "B: 2"))
	if got := lines(&req.Header); got != "A: 1|B: 2" {
		t.Errorf("fields %s", got)
	}
}

func TestUnderscoreGhostsAreDropped(t *testing.T) {
	req := parsed(t, post("Content_Length: 5", "Transfer_Encoding: chunked", "X_Forwarded-For: 1.2.3.4", "X_REAL_IP: 1.2.3.4",
		"HTTP2_Settings: x", "_Host: a", "my_header: 1", "Content_Type: a/b", "__: 2"))
	if got := lines(&req.Header); got != "_Host: a|my_header: 1|Content_Type: a/b|__: 2" {
		t.Errorf("fields %s", got)
	}
	if req.ContentLength != 0 {
		t.Errorf("a ghost framed the request: %d", req.ContentLength)
	}
}

func TestNominatedFields(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"one", []string{"X-A: 1", "Connection: X-A", "B: 2"}, "B: 2"},
		{"named after it came", []string{"Connection: x-a", "X-A: 1", "B: 2"}, "B: 2"},
		{"several lines, all elements", []string{"Connection: a, b", "A: 1", "B: 2", "C: 3", "Connection: close,,\tc ", "D: 4"}, "D: 4"},
		{"every line of a name", []string{"A: 1", "Connection: a", "B: 2", "a: 3"}, "B: 2"},
		{"one that is not there", []string{"Connection: nothing", "B: 2"}, "B: 2"},
		{"itself", []string{"Connection: Connection", "B: 2"}, "B: 2"},
		{"not a token", []string{"Connection: (a), b c", "A: 1", "B: 2"}, "A: 1|B: 2"},
		{"framing", []string{"Connection: Content-Length, Host", "Content-Length: 5"}, ""},
		{"who is asking", []string{"Connection: Authorization, Cookie, X-Real-IP, X-Forwarded-For, x-forwarded-user, Forwarded, traceparent",
			"Authorization: a", "Cookie: b", "X-Real-IP: c", "X-Forwarded-For: d", "X-Forwarded-User: e", "Forwarded: f", "traceparent: g"},
			"Authorization: a|Cookie: b|X-Real-IP: c|X-Forwarded-For: d|X-Forwarded-User: e|Forwarded: f|traceparent: g"},
		{"what the content is", []string{"Connection: Content-Type, Cache-Control, Date", "Content-Type: a/b", "Cache-Control: no-store", "Date: x"},
			"Content-Type: a/b|Cache-Control: no-store|Date: x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := parsed(t, get(tt.lines...))
			if got := lines(&req.Header); got != tt.want {
				t.Errorf("fields %s, want %s", got, tt.want)
			}
			if req.Authority != "example.com" {
				t.Errorf("authority %q", req.Authority)
			}
		})
	}
	if req := parsed(t, get("Connection: Content-Length", "Content-Length: 5")); req.ContentLength != 5 {
		t.Errorf("a nominated Content-Length was lost: %d", req.ContentLength)
	}
	if req := parsed(t, get("Transfer-Encoding: chunked", "Connection: Transfer-Encoding")); req.ContentLength != message.UnknownLength {
		t.Errorf("a nominated Transfer-Encoding was lost: %d", req.ContentLength)
	}
}

func TestUpgrade(t *testing.T) {
	const connection, upgrade = "Connection: Upgrade", "Upgrade: websocket"
	tests := []struct {
		name, head string
		want       string
	}{
		{"websocket", get(connection, upgrade), "websocket"},
		{"in other case, among other options", get("Connection: keep-alive, upgrade", "upgrade: WebSocket"), "websocket"},
		{"without the connection option", get(upgrade), ""},
		{"h2c", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), ""},
		{"h2c beside websocket", get(connection, "Upgrade: websocket, h2c"), ""},
		{"h2c in a second line", get(connection, upgrade, "Upgrade: h2c"), ""},
		{"TLS", get(connection, "Upgrade: TLS/1.0"), ""},
		{"with a version", get(connection, "Upgrade: websocket/13"), ""},
		{"POST", post(connection, upgrade), ""},
		{"1.0", request("GET / HTTP/1.0", connection, upgrade), ""},
		{"with a length", get(connection, upgrade, "Content-Length: 5"), ""},
		{"with length 0", get(connection, upgrade, "Content-Length: 0"), ""},
		{"with chunks", get(connection, upgrade, "Transfer-Encoding: chunked"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := parsed(t, tt.head)
			if req.Upgrade != tt.want || req.Header.Len() != 0 {
				t.Errorf("Upgrade %q, fields %s", req.Upgrade, lines(&req.Header))
			}
		})
	}
}

func TestKeepAliveTimeout(t *testing.T) {
	for value, want := range map[string]int{
		"timeout=5": 5, "max=3, Timeout = 60": 60, "": 0, "300": 0, "timeout=": 0, "timeout=-1": 0, "timeout=x, timeout=4": 4,
		"timeout=99999999999": 0, "timeout=\"5\"": 0,
	} {
		if got := timeout(value); got != want {
			t.Errorf("timeout(%q) = %d, want %d", value, got, want)
		}
	}
}
