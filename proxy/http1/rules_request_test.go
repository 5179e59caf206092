package http1

import (
	"strings"
	"testing"

	"pingap-go/message"
)

// rule is one input that a row of docs/http1.md speaks of.
type rule struct {
	row  int
	name string
	head string
	want int // the status of the fault; 0 means accepted
}

// get is a request with the given field lines after a proper Host.
func get(lines ...string) string { return request("GET / HTTP/1.1", lines...) }

func post(lines ...string) string { return request("POST / HTTP/1.1", lines...) }

func request(start string, lines ...string) string {
	return start + "\r\nHost: example.com\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

var requestRules = []rule{
	{1, "content-length before transfer-encoding", post("Content-Length: 5", "Transfer-Encoding: chunked"), 400},
	{1, "transfer-encoding before content-length", post("Transfer-Encoding: chunked", "Content-Length: 5"), 400},
	{1, "content-length 0 beside chunked", post("Content-Length: 0", "Transfer-Encoding: chunked"), 400},
	{1, "malformed length beside chunked", post("Content-Length: x", "Transfer-Encoding: chunked"), 400},
	{1, "length beside malformed coding", post("Content-Length: 5", "Transfer-Encoding: xchunked"), 400},

	{2, "chunked", post("Transfer-Encoding: chunked"), 0},
	{2, "chunked in other case", post("transfer-encoding: ChUnKeD"), 0},
	{2, "white space around chunked", post("Transfer-Encoding: \t chunked \t"), 0},
	{2, "xchunked", post("Transfer-Encoding: xchunked"), 400},
	{2, "chunkedx", post("Transfer-Encoding: chunkedx"), 400},
	{2, "vertical tab before chunked", post("Transfer-Encoding: \vchunked"), 400},
	{2, "form feed after chunked", post("Transfer-Encoding: chunked\f"), 400},
	{2, "no-break space before chunked", post("Transfer-Encoding: \xa0chunked"), 400},
	{2, "parameter", post("Transfer-Encoding: chunked;q=1"), 400},
	{2, "quoted", post(`Transfer-Encoding: "chunked"`), 400},
	{2, "identity", post("Transfer-Encoding: identity"), 400},
	{2, "gzip", post("Transfer-Encoding: gzip"), 400},
	{2, "gzip, chunked", post("Transfer-Encoding: gzip, chunked"), 400},
	{2, "chunked, identity", post("Transfer-Encoding: chunked, identity"), 400},
	{2, "empty", post("Transfer-Encoding:"), 400},
	{2, "leading comma", post("Transfer-Encoding: ,chunked"), 400},
	{2, "trailing comma", post("Transfer-Encoding: chunked,"), 400},
	{2, "chunked twice in one line", post("Transfer-Encoding: chunked, chunked"), 400},
	{2, "two lines", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400},
	{2, "second line identity", post("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), 400},
	{2, "long s for s, as Unicode folds", post("Tran\u017ffer-Encoding: chunked"), 400},
	{2, "Kelvin sign for k, as Unicode folds", post("Transfer-Encoding: chun\u212aed"), 400},
	{2, "folded value", post("Transfer-Encoding:\r\n chunked"), 400},

	{3, "GET with a length", get("Content-Length: 5"), 0},
	{3, "OPTIONS with chunks", request("OPTIONS / HTTP/1.1", "Transfer-Encoding: chunked"), 0},
	{3, "HEAD with a length", request("HEAD / HTTP/1.1", "Content-Length: 5"), 0},

	{4, "one length", post("Content-Length: 5"), 0},
	{4, "white space around the length", post("Content-Length:  5 \t"), 0},
	{4, "leading zeros, which are decimal", post("Content-Length: 0010"), 0},
	{4, "18 digits", post("Content-Length: 999999999999999999"), 0},
	{4, "19 digits", post("Content-Length: 1000000000000000000"), 400},
	{4, "overflow", post("Content-Length: 18446744073709551617"), 400},
	{4, "two lines", post("Content-Length: 5", "Content-Length: 6"), 400},
	{4, "two equal lines", post("Content-Length: 5", "Content-Length: 5"), 400},
	{4, "list", post("Content-Length: 5,6"), 400},
	{4, "equal list", post("Content-Length: 5, 5"), 400},
	{4, "empty", post("Content-Length:"), 400},
	{4, "plus", post("Content-Length: +5"), 400},
	{4, "minus", post("Content-Length: -5"), 400},
	{4, "minus zero", post("Content-Length: -0"), 400},
	{4, "hexadecimal", post("Content-Length: 0x5"), 400},
	{4, "underscore", post("Content-Length: 1_0"), 400},
	{4, "space inside", post("Content-Length: 1 0"), 400},
	{4, "fraction", post("Content-Length: 5.0"), 400},
	{4, "exponent", post("Content-Length: 1e1"), 400},
	{4, "quoted", post(`Content-Length: "5"`), 400},
	{4, "full-width digit", post("Content-Length: \uff15"), 400},

	{5, "request line", "GET / HTTP/1.1\nHost: example.com\r\n\r\n", 400},
	{5, "header line", "GET / HTTP/1.1\r\nHost: example.com\nA: b\r\n\r\n", 400},
	{5, "empty line", "GET / HTTP/1.1\r\nHost: example.com\r\n\n", 400},
	{5, "everywhere", "GET / HTTP/1.1\nHost: example.com\n\n", 400},

	{6, "CR in value", get("A: b\rc"), 400},
	{6, "CR before CRLF", get("A: b\r"), 400},
	{6, "CR ends the request line", "GET / HTTP/1.1\rHost: example.com\r\n\r\n", 400},
	{6, "NUL in value", get("A: b\x00c"), 400},
	{6, "BEL in value", get("A: b\ac"), 400},
	{6, "ESC in value", get("A: b\x1bc"), 400},
	{6, "DEL in value", get("A: b\x7fc"), 400},
	{6, "CTL late in a long value", get("A: " + strings.Repeat("x", 100) + "\x01"), 400},
	{6, "HTAB in value", get("A: b\tc"), 0},
	{6, "obs-text in value", get("A: caf\xe9 \xff~"), 0},

	{7, "folded with space", get("A: b", " c"), 400},
	{7, "folded with tab", get("A: b", "\tc"), 400},
	{7, "folded into empty", get("A:", " b"), 400},
	{7, "space before the first header", "GET / HTTP/1.1\r\n Host: example.com\r\n\r\n", 400},
	{7, "line of white space only", get(" "), 400},

	{8, "space before colon", get("A : b"), 400},
	{8, "tab before colon", get("A\t: b"), 400},
	{8, "space before the colon of content-length", post("Content-Length : 5"), 400},
	{8, "space before the colon of transfer-encoding", post("Transfer-Encoding : chunked"), 400},
	{8, "empty name", get(": b"), 400},
	{8, "no colon", get("A"), 400},
	{8, "space in name", get("A b: c"), 400},
	{8, "NUL in name", get("A\x00: b"), 400},
	{8, "CR in name", get("A\rB: c"), 400},
	{8, "non-ASCII name", get("\u00c4: b"), 400},
	{8, "slash in name", get("A/B: c"), 400},
	{8, "bracket in name", get("A[]: c"), 400},
	{8, "DEL in name", get("A\x7f: c"), 400},
	{8, "all token characters", get("!#$%&'*+-.^_`|~09azAZ: b"), 0},
	{8, "no space after colon", get("A:b"), 0},

	{14, "a name of 255 bytes", "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a", 255) + "\r\n\r\n", 0},
	{14, "a name of 256 bytes", "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a", 256) + "\r\n\r\n", 400},
	{14, "an absolute-form with a name of 256 bytes", request("GET http://" + strings.Repeat("a", 256) + "/ HTTP/1.1"), 400},
	{14, "no Host in 1.1", "GET / HTTP/1.1\r\n\r\n", 400},
	{14, "no Host in 1.0", "GET / HTTP/1.0\r\n\r\n", 0},
	{14, "two Hosts", get("Host: example.com"), 400},
	{14, "two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
	{14, "absolute-form without Host", "GET http://a/ HTTP/1.1\r\n\r\n", 400},
	{14, "absolute-form with two Hosts", request("GET http://a/ HTTP/1.1", "Host: a"), 400},
	{14, "absolute-form with a bad Host", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
	{14, "absolute-form with user", request("GET http://u@a/ HTTP/1.1"), 400},
	{14, "absolute-form without authority", request("GET http:///x HTTP/1.1"), 400},
	{14, "absolute-form of another scheme", request("GET ftp://a/ HTTP/1.1"), 400},
	{14, "absolute-form", request("GET http://a/ HTTP/1.1"), 0},
	{14, "absolute-form of https in capitals", request("GET HTTPS://a/ HTTP/1.1"), 0},

	{15, "HTAB in target", request("GET /a\tb HTTP/1.1"), 400},
	{15, "NUL in target", request("GET /a\x00b HTTP/1.1"), 400},
	{15, "DEL in target", request("GET /a\x7fb HTTP/1.1"), 400},
	{15, "CR in target", request("GET /a\rb HTTP/1.1"), 400},
	{15, "space in target", request("GET /a b HTTP/1.1"), 400},
	{15, "two spaces before target", request("GET  / HTTP/1.1"), 400},
	{15, "two spaces after target", request("GET /  HTTP/1.1"), 400},
	{15, "non-ASCII target", request("GET /caf\xc3\xa9 HTTP/1.1"), 400},
	{15, "fragment", request("GET /a#b HTTP/1.1"), 400},
	{15, "backslash", request(`GET /a\b HTTP/1.1`), 400},
	{15, "backslash in query", request(`GET /a?\b HTTP/1.1`), 400},
	{15, "fragment in query", request("GET /a?b#c HTTP/1.1"), 400},
	{15, "no target", request("GET HTTP/1.1"), 400},
	{15, "asterisk for GET", request("GET * HTTP/1.1"), 400},
	{15, "asterisk for OPTIONS", request("OPTIONS * HTTP/1.1"), 0},
	{15, "asterisk with more", request("OPTIONS *x HTTP/1.1"), 400},
	{15, "relative path", request("GET a/b HTTP/1.1"), 400},
	{15, "query only", request("GET ?a HTTP/1.1"), 400},
	{15, "authority-form for GET", request("GET example.com:80 HTTP/1.1"), 400},
	{15, "malformed escape", request("GET /%zz HTTP/1.1"), 400},
	{15, "cut escape", request("GET /%4 HTTP/1.1"), 400},
	{15, "above the root", request("GET /../a HTTP/1.1"), 400},
	{15, "above the root with escapes", request("GET /a/%2e%2E/.%2e/b HTTP/1.1"), 400},
	{15, "escaped NUL, CR and LF", request("GET /%00%0d%0a HTTP/1.1"), 0},

	{16, "empty method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{16, "space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{16, "method with a slash", request("GE/T / HTTP/1.1"), 400},
	{16, "method with a colon", request("GET: / HTTP/1.1"), 400},
	{16, "method with NUL", request("GE\x00T / HTTP/1.1"), 400},
	{16, "tab after method", request("GET\t/ HTTP/1.1"), 400},
	{16, "method of 33 bytes", request(strings.Repeat("M", 33) + " / HTTP/1.1"), 400},
	{16, "method of 32 bytes", request(strings.Repeat("M", 32) + " / HTTP/1.1"), 0},
	{16, "unknown method", request("PURGE / HTTP/1.1"), 0},
	{16, "lower case is another method", request("get / HTTP/1.1"), 0},

	{17, "0.9", "GET /\r\n\r\n", 400},
	{17, "0.9 by name", request("GET / HTTP/0.9"), 505},
	{17, "1.2", request("GET / HTTP/1.2"), 505},
	{17, "2.0", request("GET / HTTP/2.0"), 505},
	{17, "01.1", request("GET / HTTP/01.1"), 400},
	{17, "1.01", request("GET / HTTP/1.01"), 400},
	{17, "1.10", request("GET / HTTP/1.10"), 400},
	{17, "1", request("GET / HTTP/1"), 400},
	{17, "1,1", request("GET / HTTP/1,1"), 400},
	{17, "lower case", request("GET / http/1.1"), 400},
	{17, "other protocol", request("GET / ICAP/1.1"), 400},
	{17, "space after the version", request("GET / HTTP/1.1 "), 400},
	{17, "tab before the version", request("GET /\tHTTP/1.1"), 400},
	{17, "space in the version", request("GET / HTTP/ 1.1"), 400},

	{18, "chunked in 1.0", request("POST / HTTP/1.0", "Transfer-Encoding: chunked"), 400},
	{18, "length in 1.0", request("POST / HTTP/1.0", "Content-Length: 5"), 0},

	{20, "64 nominated fields", get("Connection: "+strings.Repeat("a,", 32), "Connection: "+strings.Repeat("b,", 32)), 0},
	{20, "65 nominated fields", get("Connection: "+strings.Repeat("a,", 32), "Connection: "+strings.Repeat("b,", 33)), 431},
	{20, "64 options that name no field", get("Connection: " + strings.Repeat("close,", 64)), 0},
	{20, "65 options that name no field", get("Connection: " + strings.Repeat("close,", 65)), 431},
	{20, "65 empty options", get("Connection: " + strings.Repeat(",", 65)), 431},

	{23, "CONNECT", request("CONNECT example.com:443 HTTP/1.1"), 405},
	{23, "CONNECT with a path", request("CONNECT / HTTP/1.1"), 405},
	{24, "TRACE", request("TRACE / HTTP/1.1"), 405},

	{30, "target of the limit", request("GET /" + strings.Repeat("a", 16<<10-1) + " HTTP/1.1"), 0},
	{30, "target over the limit", request("GET /" + strings.Repeat("a", 16<<10) + " HTTP/1.1"), 414},
	{30, "head over the limit", get("A: " + strings.Repeat("a", 64<<10)), 431},
	{30, "128 fields", get(strings.Split(strings.Repeat("A: b\n", 126)+"A: b", "\n")...), 0},
	{30, "129 fields", get(strings.Split(strings.Repeat("A: b\n", 127)+"A: b", "\n")...), 431},

	{0, "head without its empty line", "GET / HTTP/1.1\r\nHost: a\r\n", 400},
	{0, "bytes after the empty line", get() + "x", 400},
	{0, "nothing", "", 400},
	{0, "unknown expectation", post("Expect: 200-ok"), 417},
	{0, "two expectations", post("Expect: 100-continue", "Expect: 100-continue"), 417},
}

func TestRequestRules(t *testing.T) {
	for _, r := range requestRules {
		t.Run(rowName(r.row, r.name), func(t *testing.T) {
			var req message.Request
			status := 0
			if f := faultOf(t, ParseRequest(r.head, &req, nil)); f != nil {
				status = f.Status
				checkRefusal(t, f)
			}
			if status != r.want {
				t.Errorf("status %d, want %d, for %q", status, r.want, r.head)
			}
		})
	}
}

// checkRefusal holds a fault to what the contract promises of one.
func checkRefusal(t *testing.T, f *message.Fault) {
	t.Helper()
	types := map[int]string{414: "uri_too_long", 431: "header_too_large", 502: "bad_response"}
	want, ok := types[f.Status]
	if !ok {
		want = "bad_request"
	}
	if f.Type != want || !f.Close || f.Detail == "" || f.Error() != want+": "+f.Detail {
		t.Errorf("fault %+v, want type %s, a detail and a closed connection", f, want)
	}
}

func faultOf(t *testing.T, err error) *message.Fault {
	t.Helper()
	if err == nil {
		return nil
	}
	f, ok := err.(*message.Fault)
	if !ok {
		t.Fatalf("%T is not a *message.Fault", err)
	}
	return f
}
