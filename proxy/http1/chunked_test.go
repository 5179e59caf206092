package http1

import (
	"errors"
	"strings"
	"testing"

	"pingap-go/message"
)

// decode runs a whole body through d in pieces of at most size bytes, and says
// how much of in it took.
func decode(d *Chunked, in string, size int) (data string, used int, err error) {
	var out strings.Builder
	src := []byte(in)
	for used < len(src) && !d.Done() {
		got, n, err := d.Decode(src[used:min(len(src), used+size)])
		out.Write(got)
		used += n
		if err != nil {
			return out.String(), used, err
		}
	}
	return out.String(), used, nil
}

func TestChunkedBodies(t *testing.T) {
	tests := []struct{ name, body, data, trailer string }{
		{"empty", "0\r\n\r\n", "", ""},
		{"one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", ""},
		{"three chunks", "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world", ""},
		{"hexadecimal in both cases", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", "01234567890123456789a", ""},
		{"leading zeros", "005\r\nhello\r\n000\r\n\r\n", "hello", ""},
		{"15 digits", "000000000000005\r\nhello\r\n000000000000000\r\n\r\n", "hello", ""},
		{"data that looks like framing", "7\r\n0\r\n\r\nab\r\n0\r\n\r\n", "0\r\n\r\nab", ""},
		{"extensions", "5;a\r\nhello\r\n0;b=c; d=\"e;f\\\"\" ;\tg\r\n\r\n", "hello", ""},
		{"trailers", "0\r\nX-Sum: 1\r\nx-more:\t2 \r\n\r\n", "", "X-Sum: 1|x-more: 2"},
		{"forbidden trailers", "0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: a\r\nAuthorization: b\r\n" +
			"Content-Encoding: gzip\r\nTrailer: X\r\nCookie: c\r\nset-cookie: d\r\nX-Forwarded-For: e\r\nCache-Control: f\r\n" +
			"If-Match: g\r\nContent_Length: 5\r\nConnection: X-Sum\r\nX-Sum: 1\r\n\r\n", "", "X-Sum: 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for size := range len(tt.body) {
				var d Chunked
				data, used, err := decode(&d, tt.body+"GET", size+1)
				if data != tt.data || used != len(tt.body) || err != nil || !d.Done() {
					t.Fatalf("in pieces of %d: %q, used %d of %d, %v", size+1, data, used, len(tt.body), err)
				}
				var trailer message.Header
				if err := d.Trailer(&trailer); err != nil || lines(&trailer) != tt.trailer {
					t.Fatalf("in pieces of %d: trailer %s, %v", size+1, lines(&trailer), err)
				}
			}
		})
	}
}

var chunkRules = []struct {
	row  int
	name string
	body string
	want Problem
}{
	{10, "empty size", "\r\nhello\r\n", badChunkSize},
	{10, "only an extension", ";a\r\n", badChunkSize},
	{10, "0x", "0x5\r\nhello\r\n", badChunkSize},
	{10, "plus", "+5\r\nhello\r\n", badChunkSize},
	{10, "minus", "-5\r\nhello\r\n", badChunkSize},
	{10, "underscore", "1_0\r\n", badChunkSize},
	{10, "not hexadecimal", "g\r\n", badChunkSize},
	{10, "h for hexadecimal", "5h\r\nhello\r\n", badChunkSize},
	{10, "leading space", " 5\r\nhello\r\n", badChunkSize},
	{10, "trailing space", "5 \r\nhello\r\n", badChunkSize},
	{10, "trailing tab", "5\t;a\r\nhello\r\n", badChunkSize},
	{10, "comma", "5,5\r\nhello\r\n", badChunkSize},
	{10, "dot", "5.0\r\nhello\r\n", badChunkSize},
	{10, "16 digits", "0000000000000005\r\nhello\r\n", badChunkSize},
	{10, "overflow", "fffffffffffffffff\r\n", badChunkSize},
	{10, "NUL", "5\x00\r\nhello\r\n", badChunkSize},
	{11, "bare LF after size", "5\nhello\r\n", badChunkSize},
	{11, "bare LF after last size", "0\n\r\n", badChunkSize},
	{11, "CR without LF", "5\rhello", badChunkLine},
	{11, "CR CR LF", "5\r\r\nhello", badChunkLine},
	{11, "bare LF after extension", "5;a\nhello\r\n", badChunkLine},
	{11, "CTL in extension", "5;a\x01\r\nhello\r\n", badChunkLine},
	{11, "DEL in extension", "5;a\x7f\r\nhello\r\n", badChunkLine},
	{11, "non-ASCII in extension", "5;\xe9\r\nhello\r\n", badChunkLine},
	{11, "CRLF in quotes", "5;a=\"\r\nhello\r\n", badChunkLine},
	{11, "CRLF after a backslash in quotes", "5;a=\"\\\r\nhello\r\n", badChunkLine},
	{11, "quotes after an escaped quote", "5;a=\"\\\"\r\nhello\r\n", badChunkLine},
	{11, "bare semicolon", "5;\r\nhello\r\n", badChunkLine},
	{11, "two semicolons", "5;;a\r\nhello\r\n", badChunkLine},
	{11, "semicolon and white space", "5; \t\r\nhello\r\n", badChunkLine},
	{11, "extension without name", "5;=a\r\nhello\r\n", badChunkLine},
	{11, "extension without value", "5;a=\r\nhello\r\n", badChunkLine},
	{11, "quoted name", "5;\"a\"\r\nhello\r\n", badChunkLine},
	{11, "more after a quoted value", "5;a=\"b\"c\r\nhello\r\n", badChunkLine},
	{11, "no token", "5;a(b)\r\nhello\r\n", badChunkLine},
	{11, "CR in quotes", "5;a=\"\rb\"\r\nhello\r\n", badChunkLine},
	{11, "LF in quotes", "5;a=\"\nb\"\r\nhello\r\n", badChunkLine},
	{11, "long extension", "5;" + strings.Repeat("a", 256) + "\r\nhello\r\n", longExtension},
	{11, "many extensions", strings.Repeat("1;"+strings.Repeat("a", 250)+"\r\nx\r\n", 100), chunkOverhead},
	{12, "no CRLF after data", "5\r\nhello0\r\n\r\n", badChunkEnd},
	{12, "LF after data", "5\r\nhello\n0\r\n\r\n", badChunkEnd},
	{12, "CR and no LF after data", "5\r\nhello\r0\r\n\r\n", badChunkEnd},
	{12, "data longer than its size", "5\r\nhello!\r\n0\r\n\r\n", badChunkEnd},
	{13, "bare LF in trailer", "0\r\nA: b\n\r\n", bareLF},
	{13, "bare LF as end", "0\r\n\n", bareLF},
	{13, "bare LF after trailer", "0\r\nA: b\r\n\n", bareLF},
	{13, "folded trailer", "0\r\nA: b\r\n c\r\n\r\n", foldedLine},
	{13, "space before colon", "0\r\nA : b\r\n\r\n", spaceInName},
	{13, "no colon", "0\r\nGET / HTTP/1.1\r\n\r\n", badName},
	{13, "NUL in value", "0\r\nA: \x00\r\n\r\n", badValue},
	{13, "CR in value", "0\r\nA: b\rc\r\n\r\n", badValue},
	{30, "65 trailers", "0\r\n" + strings.Repeat("A: b\r\n", 65) + "\r\n", manyTrailers},
	{30, "endless trailer line", "0\r\nA: " + strings.Repeat("b", 8<<10), longTrailer},
	{30, "endless trailers", "0\r\n" + strings.Repeat("A: b\r\n", 8<<10), longTrailer},
}

func TestChunkedRules(t *testing.T) {
	for _, tt := range chunkRules {
		t.Run(rowName(tt.row, tt.name), func(t *testing.T) {
			for _, size := range []int{1, 3, 1 << 20} {
				var d Chunked
				_, _, err := decode(&d, tt.body, size)
				if !errors.Is(err, tt.want) || d.Done() {
					t.Fatalf("in pieces of %d: %v, want %v", size, err, tt.want)
				}
				if _, n, again := d.Decode([]byte("0\r\n\r\n")); again != err || n != 0 {
					t.Errorf("the error does not stay: %v", again)
				}
				checkRefusal(t, RequestFault(err))
				checkRefusal(t, ResponseFault(err))
			}
		})
	}
}

func TestCutChunkedBodyIsNeverDone(t *testing.T) {
	const body = "5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n"
	for cut := range len(body) {
		var d Chunked
		if _, _, err := decode(&d, body[:cut], len(body)); err != nil || d.Done() {
			t.Errorf("cut at %d: done %v, %v", cut, d.Done(), err)
		}
		if err := d.Trailer(new(message.Header)); err == nil {
			t.Errorf("cut at %d: trailers of an unfinished body", cut)
		}
	}
}

func TestSmallChunksAreNoOverhead(t *testing.T) {
	var d Chunked
	data, _, err := decode(&d, strings.Repeat("1\r\nx\r\n", 100_000)+"0\r\n\r\n", 1<<20)
	if len(data) != 100_000 || err != nil || !d.Done() {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestChunkedIsReusable(t *testing.T) {
	var d Chunked
	decode(&d, "zz", 2)
	for range 2 {
		d.Reset()
		data, _, err := decode(&d, "1\r\na\r\n0\r\nA: b\r\n\r\n", 100)
		var trailer message.Header
		if d.Trailer(&trailer) != nil || data != "a" || err != nil || lines(&trailer) != "A: b" {
			t.Errorf("%q, %s, %v", data, lines(&trailer), err)
		}
	}
}
