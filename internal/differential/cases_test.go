package differential

import (
	"slices"
	"strings"
	"testing"
)

// The numbers are the rows of this list of what smuggling is made of:
//
//	 1 both lengths            12 chunk data that ends wrong, cut bodies
//	 2 transfer codings        13 trailers
//	 3 bodies on any method    14 Host
//	 4 Content-Length          15 request target
//	 5 bare LF                 16 method
//	 6 CR, NUL, controls       17 version
//	 7 folded lines            18 HTTP/1.0 with a coding
//	 8 field names             19 requests without a length
//	 9 underscores             20 Connection's nominations
//	10 chunk size              21 Upgrade
//	11 chunk line              23 CONNECT   24 TRACE   25 interim answers   30 limits
//
// Rows 22 and 26 to 29 are about responses and HTTP/2 and are tested elsewhere.

// follower is a request behind the input, for readers that think it is over.
const follower = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"

func cases() []testCase {
	return slices.Concat(lengthCases(), codingCases(), chunkCases(), trailerCases(),
		lineCases(), nameCases(), hostCases(), targetCases(), startLineCases(), connectionCases(), limitCases())
}

// get is a request without a body, from its fields ("Name: value\r\n").
func get(fields string) string { return "GET / HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n" }

// post is a request with fields and what follows the head.
func post(fields, body string) string {
	return "POST / HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n" + body
}

// chunked is a request with a chunked body, written as it is sent.
func chunked(body string) string { return post("Transfer-Encoding: chunked\r\n", body) }

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		if seen[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		seen[c.name] = true
	}
	if len(seen) < 85 {
		t.Errorf("%d cases; there were more once", len(seen))
	}
}

// lineCases are about what ends a line and what may stand in one: 5, 6, 7.
func lineCases() []testCase {
	return []testCase{
		{class: 5, name: "bare LF after the request line", input: "GET / HTTP/1.1\nHost: a.test\r\n\r\n", want: refuse},
		{class: 5, name: "bare LF after a field", input: get("X: 1\nY: 2\r\n"), want: refuse},
		{class: 5, name: "bare LF hides a length", input: post("X: 1\nContent-Length: 5\r\n", "hello"), want: refuse},
		{class: 5, name: "bare LF as the empty line", input: "GET / HTTP/1.1\r\nHost: a.test\r\n\n", want: refuse},
		{class: 5, name: "bare LF everywhere", input: "GET / HTTP/1.1\nHost: a.test\n\n", want: refuse},
		{class: 5, name: "empty line before the request", input: "\r\n" + get(""), want: either},
		{class: 6, name: "bare CR in a value", input: get("X: a\rb\r\n"), want: refuse},
		{class: 6, name: "bare CR hides a field", input: get("X: a\rContent-Length: 5\r\n"), want: refuse},
		{class: 6, name: "CR CR LF", input: get("X: a\r\r\n"), want: refuse},
		{class: 6, name: "NUL in a value", input: get("X: a\x00b\r\n"), want: refuse},
		{class: 6, name: "control in a value", input: get("X: a\x01b\r\n"), want: refuse},
		{class: 6, name: "DEL in a value", input: get("X: a\x7fb\r\n"), want: refuse},
		{class: 6, name: "tab in a value", input: get("X: a\tb\r\n")},
		{class: 6, name: "bytes above ASCII in a value", input: get("X: \xc3\xa4\r\n")},
		{class: 7, name: "folded value", input: get("X: a\r\n b\r\n"), want: refuse},
		{class: 7, name: "folded with a tab", input: get("X: a\r\n\tb\r\n"), want: refuse},
		{class: 7, name: "coding in a folded line", input: post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), want: refuse},
		{class: 7, name: "length in a folded line", input: post("Content-Length:\r\n 5\r\n", "hello"), want: refuse},
		{class: 7, name: "space before the first field", input: "GET / HTTP/1.1\r\n Host: a.test\r\n\r\n", want: refuse},
	}
}

// nameCases are about field names: 8, 9.
func nameCases() []testCase {
	return []testCase{
		{class: 8, name: "space before the colon", input: get("X : 1\r\n"), want: refuse},
		{class: 8, name: "tab before the colon", input: get("X\t: 1\r\n"), want: refuse},
		{class: 8, name: "space before the colon of a length", input: post("Content-Length : 5\r\n", "hello"), want: refuse},
		{class: 8, name: "space before the colon of a coding", input: post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), want: refuse},
		{class: 8, name: "no name", input: get(": 1\r\n"), want: refuse},
		{class: 8, name: "no colon", input: get("X\r\n"), want: refuse},
		{class: 8, name: "no token", input: get("X(: 1\r\n"), want: refuse},
		{class: 8, name: "space in a name", input: get("X Y: 1\r\n"), want: refuse},
		{class: 8, name: "bytes above ASCII in a name", input: get("X\xc3\xa4: 1\r\n"), want: refuse},
		{class: 8, name: "NUL in a name", input: get("X\x00: 1\r\n"), want: refuse},
		{class: 8, name: "control before a length", input: post("\x01Content-Length: 5\r\n", "hello"), want: refuse},
		{class: 9, name: "length with an underscore", input: post("Content_Length: 5\r\nContent-Length: 2\r\n", "hi"),
			upstreamLacks: []string{"content_length"}},
		{class: 9, name: "coding with an underscore", input: post("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
			upstreamLacks: []string{"transfer_encoding"}},
		{class: 9, name: "forwarded header with an underscore", input: get("X_Forwarded_For: 10.0.0.1\r\n"),
			upstreamLacks: []string{"x_forwarded_for", "10.0.0.1"}},
	}
}

// limitCases are about size: 30.
func limitCases() []testCase {
	return []testCase{
		{class: 30, name: "target of 200 KB", input: "GET /" + strings.Repeat("a", 200<<10) + " HTTP/1.1\r\nHost: a.test\r\n\r\n",
			want: refuse, statuses: []int{414, 431}},
		{class: 30, name: "field of 200 KB", input: get("X: " + strings.Repeat("a", 200<<10) + "\r\n"),
			want: refuse, statuses: []int{431}},
		{class: 30, name: "ten thousand fields", input: get(strings.Repeat("X: 1\r\n", 10_000)),
			want: refuse, statuses: []int{431}},
		{class: 30, name: "fifty fields", input: get(strings.Repeat("X: 1\r\n", 50))},
	}
}
