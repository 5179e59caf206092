package proxy_test

import (
	"strings"
	"testing"
)

// rule is a request that a row of docs/http1.md refuses.
type rule struct {
	row, name, request string
	status             int
	etype              string
}

func post(l ...string) string {
	return lines(append([]string{"POST / HTTP/1.1", "Host: example.com"}, l...)...)
}

func chunks(body string) string { return post("Transfer-Encoding: chunked") + body }

func bad(row, name, request string) rule { return rule{row, name, request, 400, "bad_request"} }

// requestRules has a few inputs for each row: that all of a row's inputs are found
// is the codec's tests' part, here it is what then happens on the wire.
var requestRules = []rule{
	bad("1", "length and coding", post("Content-Length: 6", "Transfer-Encoding: chunked")+"0\r\n\r\nG"),
	bad("1", "coding and length", post("Transfer-Encoding: chunked", "Content-Length: 3")+"1\r\nG"),
	bad("2", "xchunked", post("Transfer-Encoding: xchunked")+"0\r\n\r\n"),
	bad("2", "two codings", post("Transfer-Encoding: chunked", "Transfer-Encoding: identity")+"0\r\n\r\n"),
	bad("2", "chunked twice", post("Transfer-Encoding: chunked, chunked")+"0\r\n\r\n"),
	bad("4", "two lengths", post("Content-Length: 5", "Content-Length: 5")+"hello"),
	bad("4", "length list", post("Content-Length: 5, 5")+"hello"),
	bad("4", "plus sign", post("Content-Length: +5")+"hello"),
	bad("5", "bare LF", "GET / HTTP/1.1\nHost: a\n\n"),
	bad("5", "bare LF in a header", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
	bad("6", "bare CR", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n"),
	bad("6", "NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\x00c\r\n\r\n"),
	bad("7", "folded line", lines("GET / HTTP/1.1", "Host: a", "X: b", " c")),
	bad("8", "space before colon", lines("GET / HTTP/1.1", "Host: a", "X : b")),
	bad("8", "no colon", lines("GET / HTTP/1.1", "Host: a", "X")),
	bad("10", "chunk size with 0x", chunks("0x5\r\nhello\r\n0\r\n\r\n")),
	bad("10", "chunk size of 16 digits", chunks("0000000000000005\r\nhello\r\n0\r\n\r\n")),
	bad("10", "negative chunk size", chunks("-1\r\nhello\r\n0\r\n\r\n")),
	bad("11", "bare LF after chunk size", chunks("5\nhello\r\n0\r\n\r\n")),
	bad("11", "CRLF in a quoted extension", chunks("5;a=\"\r\nhello\r\n0\r\n\r\n")),
	bad("12", "no CRLF after chunk data", chunks("5\r\nhello0\r\n\r\n")),
	bad("12", "chunk data too long", chunks("5\r\nhello!\r\n0\r\n\r\n")),
	bad("13", "folded trailer", chunks("5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n")),
	bad("13", "request line as trailer", chunks("0\r\nGET / HTTP/1.1\r\n\r\n")),
	bad("14", "no Host", "GET / HTTP/1.1\r\n\r\n"),
	bad("14", "two Hosts", lines("GET / HTTP/1.1", "Host: a", "Host: a")),
	bad("14", "user in Host", lines("GET / HTTP/1.1", "Host: u@a")),
	bad("14", "user in absolute-form", lines("GET http://u@a/ HTTP/1.1", "Host: a")),
	bad("15", "fragment", lines("GET /#x HTTP/1.1", "Host: a")),
	bad("15", "asterisk for GET", lines("GET * HTTP/1.1", "Host: a")),
	bad("15", "above the root", lines("GET /a/../../b HTTP/1.1", "Host: a")),
	bad("16", "method is no token", lines("GE(T / HTTP/1.1", "Host: a")),
	bad("17", "HTTP/0.9", "GET /\r\n\r\n"),
	{"17", "HTTP/1.2", lines("GET / HTTP/1.2", "Host: a"), 505, "bad_request"},
	{"17", "HTTP/2.0 without preface", lines("GET / HTTP/2.0", "Host: a"), 505, "bad_request"},
	bad("18", "coding in HTTP/1.0", lines("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked")+"0\r\n\r\n"),
	{"23", "CONNECT", lines("CONNECT a:443 HTTP/1.1", "Host: a:443"), 405, "bad_request"},
	{"24", "TRACE", lines("TRACE / HTTP/1.1", "Host: a"), 405, "bad_request"},
	{"30", "long target", lines("GET /"+strings.Repeat("a", 20<<10)+" HTTP/1.1", "Host: a"), 414, "uri_too_long"},
	{"30", "endless target", "GET /" + strings.Repeat("a", 80<<10), 414, "uri_too_long"},
	{"30", "large head", lines("GET / HTTP/1.1", "Host: a", "X: "+strings.Repeat("b", 80<<10)), 431, "header_too_large"},
	{"30", "many fields", lines(append([]string{"GET / HTTP/1.1", "Host: a"}, strings.Split(strings.Repeat("X: y\n", 200)+"X: y", "\n")...)...), 431, "header_too_large"},
	{"30", "endless empty lines", strings.Repeat("\r\n", 10) + get("/"), 400, "bad_request"},
	{"", "TLS to a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad_request"},
	{"", "unknown expectation", post("Expect: the-unexpected", "Content-Length: 5") + "hello", 417, "bad_request"},
}

func TestRuleBreakersAreRefusedAndNothingReachesTheUpstream(t *testing.T) {
	o := newOrigin(t, always(hello))
	r := start(t, nil, o)
	for _, rule := range requestRules {
		t.Run("row "+rule.row+" "+rule.name, func(t *testing.T) {
			before := len(o.received())
			c := r.dial(t)
			c.send(rule.request + get("/smuggled"))
			c.refused("POST", rule.status, rule.etype)
			if got := o.received()[before:]; got != "" {
				t.Errorf("the upstream got %.300q", got)
			}
		})
	}
}

// A rule that is broken only in a later piece of the body finds the upstream
// already at work: what it got must not be a whole request, nor may another
// request follow on that connection.
func TestLateRuleBreakersNeverCompleteARequest(t *testing.T) {
	whole := make(chan string, 10)
	o := newOrigin(t, func(v *visit) {
		if _, body, err := v.request(); err == nil {
			whole <- body
		}
	})
	r := start(t, nil, o)
	for name, rest := range map[string]string{
		"bad chunk size":     "zz\r\n",
		"no CRLF after data": "5\r\nhello0\r\n\r\n",
		"bare LF":            "5\nhello",
		"bad trailer":        "0\r\nX : y\r\n\r\n",
		"endless trailers":   "0\r\n" + strings.Repeat("X: y\r\n", 4<<10),
		"overlong extension": "1;" + strings.Repeat("x", 300) + "\r\n",
		"endless extension":  "1;" + strings.Repeat("x", 300<<10),
		"endless extensions": strings.Repeat("1;"+strings.Repeat("x", 200)+"\r\ny\r\n", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			seen := o.connections()
			c := r.dial(t)
			c.send(chunks("5\r\nfirst\r\n"))
			v := o.visit(t, seen)
			c.send(rest + get("/smuggled"))
			status, etype := 400, "bad_request"
			if name == "endless trailers" {
				status, etype = 431, "header_too_large"
			}
			c.refused("POST", status, etype)
			<-v.done
			select {
			case body := <-whole:
				t.Errorf("the upstream took %q for a whole request", body)
			default:
			}
		})
	}
}
