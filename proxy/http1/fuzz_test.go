package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"

	"pingap-go/message"
)

func addHeads(f *testing.F, rules []rule, more ...string) {
	for _, r := range rules {
		if len(r.head) < 2048 {
			f.Add(r.head)
		}
	}
	for _, head := range more {
		f.Add(head)
	}
}

// FuzzRequestHead: no input panics, and what is accepted is what it seems.
func FuzzRequestHead(f *testing.F) {
	addHeads(f, requestRules, browserHead)
	f.Fuzz(func(t *testing.T, head string) {
		var req message.Request
		if err := ParseRequest(head, &req, nil); err != nil {
			checkRefusal(t, faultOf(t, err))
			return
		}
		if n, err := HeadLength([]byte(head), 0); n != len(head) || err != nil {
			t.Errorf("HeadLength says %d, %v; the head has %d bytes", n, err, len(head))
		}
		if again, p := normalPath(req.Path); req.Path != "*" && again != req.Path || p != "" && req.Path != "*" {
			t.Errorf("path %q is not normal: %q, %q", req.Path, again, p)
		}
		for _, field := range req.Header.Fields() {
			if err := sendable(&field); err != nil || special.has(message.Lookup(field.Name)) {
				t.Errorf("field %+v stands in the header: %v", field, err)
			}
		}
	})
}

// FuzzResponseHead is the same for responses, with net/http as second opinion.
func FuzzResponseHead(f *testing.F) {
	addHeads(f, responseRules, upstreamHead)
	f.Fuzz(func(t *testing.T, head string) {
		var res message.Response
		framing, err := ParseResponse(head, "GET", &res)
		if err != nil {
			checkRefusal(t, faultOf(t, err))
			return
		}
		if n, err := ResponseHeadLength([]byte(head), 0); n != len(head) || err != nil {
			t.Errorf("ResponseHeadLength says %d, %v; the head has %d bytes", n, err, len(head))
		}
		theirs, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head)), nil)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", head, err)
		}
		if res.Status < 200 {
			return // net/http gives these a body, or none, by its own rules
		}
		want := map[Framing]int64{NoBody: 0, Length: res.ContentLength, Chunks: -1, UntilClose: -1}[framing]
		if got := theirs.ContentLength; framing != NoBody && got != want || (framing == Chunks) != (len(theirs.TransferEncoding) > 0) {
			t.Errorf("framing %d of %d bytes; net/http has %d, %v", framing, want, got, theirs.TransferEncoding)
		}
	})
}

// FuzzFixpoint: what we send is what we understood, and we would accept it.
func FuzzFixpoint(f *testing.F) {
	addHeads(f, requestRules, browserHead, post("Transfer-Encoding: chunked", "Expect: 100-continue"),
		get("Connection: Upgrade", "Upgrade: websocket"), get("TE: trailers"))
	f.Fuzz(func(t *testing.T, head string) {
		var first, second message.Request
		if ParseRequest(head, &first, nil) != nil || first.Authority == "" {
			return
		}
		if first.Upgrade != "" {
			first.AcceptsTrailers = false
		}
		sent, err := AppendRequest(nil, &first)
		if err != nil {
			t.Fatalf("cannot send what was parsed from %q: %v", head, err)
		}
		if err := ParseRequest(string(sent), &second, &Limits{MaxFields: 200, MaxHeadBytes: 1 << 20}); err != nil {
			t.Fatalf("sent %q, which we refuse: %v", sent, err)
		}
		if a, b := summary(&first), summary(&second); a != b {
			t.Errorf("parsed %s\nsent   %s", a, b)
		}
	})
}

// FuzzResponseFixpoint is the same for responses.
func FuzzResponseFixpoint(f *testing.F) {
	addHeads(f, responseRules, upstreamHead, response("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"))
	f.Fuzz(func(t *testing.T, head string) {
		var first, second message.Response
		_, err := ParseResponse(head, "GET", &first)
		if err != nil || first.Header.Len() >= defaultFields {
			return // no room for a framing field of ours
		}
		client := Client{Method: "GET", Minor: 1}
		sent, err := AppendResponse(nil, &first, &client)
		if first.Status < 200 && first.Status != 101 {
			sent, err = AppendInterim(nil, &first)
		}
		if err != nil {
			t.Fatalf("cannot send what was parsed from %q: %v", head, err)
		}
		framing, err := ParseResponse(string(sent), "GET", &second)
		if err != nil {
			t.Fatalf("sent %q, which we refuse: %v", sent, err)
		}
		if first.Reason == "" {
			first.Reason = http.StatusText(first.Status)
		}
		if first.Status == 304 && first.ContentLength == 0 {
			first.ContentLength = message.UnknownLength
		}
		if a, b := responseSummary(&first), responseSummary(&second); a != b || framing != client.Framing(&first) {
			t.Errorf("parsed %s\nsent   %s, framing %d", a, b, framing)
		}
	})
}

// FuzzSameAsNetHTTP: whatever we accept, net/http frames and routes alike.
func FuzzSameAsNetHTTP(f *testing.F) {
	addHeads(f, requestRules, browserHead)
	f.Fuzz(func(t *testing.T, head string) {
		var req message.Request
		if ParseRequest(head, &req, nil) != nil {
			return
		}
		theirs, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", head, err)
		}
		if theirs.Method != req.Method || theirs.RequestURI != req.Target || theirs.ContentLength != req.ContentLength ||
			(len(theirs.TransferEncoding) > 0) != (req.ContentLength < 0) {
			t.Errorf("we read %s\nnet/http %s %q length %d %v", summary(&req), theirs.Method, theirs.RequestURI,
				theirs.ContentLength, theirs.TransferEncoding)
		}
		if strings.TrimSuffix(theirs.Host, ":") != req.Authority {
			t.Errorf("host %q; net/http has %q", req.Authority, theirs.Host)
		}
	})
}

// FuzzChunked: the same data comes out however the body is cut, the standard
// library reads the same, and what we write we read.
func FuzzChunked(f *testing.F) {
	for _, body := range []string{
		"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5;a=\"b\\\"\"\r\nhello\r\n0\r\nA: b\r\n\r\n", "5\nhello\r\n", "5\r\nhello0\r\n",
		"0x5\r\n", "5 \r\nhello\r\n0\r\n\r\n", "fffffffffffffff\r\n", "0\r\nContent-Length: 5\r\n\r\n", "1\r\n\r\r\n0\r\n\r\nGET",
	} {
		f.Add([]byte(body), uint8(1))
		f.Add([]byte(body), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, size uint8) {
		var whole, cut Chunked
		data, used, err := decode(&whole, string(body), len(body)+1)
		pieces, cutUsed, cutErr := decode(&cut, string(body), int(size)+1)
		if data != pieces || used != cutUsed || err != cutErr || whole.Done() != cut.Done() {
			t.Fatalf("whole: %q, %d, %v; in pieces of %d: %q, %d, %v", data, used, err, int(size)+1, pieces, cutUsed, cutErr)
		}
		if !whole.Done() {
			return
		}
		theirs, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
		if err != nil || string(theirs) != data {
			t.Fatalf("we read %q; net/http %q, %v", data, theirs, err)
		}
		var trailer, again message.Header
		if err := whole.Trailer(&trailer); err != nil {
			t.Fatal(err)
		}
		sent, err := AppendLastChunk(AppendChunk(nil, []byte(data)), &trailer)
		if err != nil {
			t.Fatal(err)
		}
		cut.Reset()
		if back, n, err := decode(&cut, string(sent), len(sent)); back != data || n != len(sent) || err != nil {
			t.Fatalf("sent %s, read back %q, %v", strconv.Quote(string(sent)), back, err)
		}
		if cut.Trailer(&again); lines(&again) != lines(&trailer) {
			t.Errorf("trailer %s, read back %s", lines(&trailer), lines(&again))
		}
	})
}
