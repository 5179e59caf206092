package differential

import "strings"

// lengthCases are about messages with a length, or with too much of one: 1, 3, 4, 19.
func lengthCases() []testCase {
	withLength := func(class int, name, value string, want verdict) testCase {
		return testCase{class: class, name: name, input: post("Content-Length: "+value+"\r\n", "hello"), want: want}
	}
	return []testCase{
		{class: 1, name: "length and coding", input: post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+follower), want: refuse},
		{class: 1, name: "coding and length", input: post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"+follower), want: refuse},
		{class: 1, name: "length 0 and coding", input: post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), want: refuse},
		{class: 1, name: "length and unknown coding", input: post("Content-Length: 5\r\nTransfer-Encoding: x\r\n", "hello"), want: refuse, statuses: []int{400, 501}},
		{class: 1, name: "lengths around a coding", input: post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), want: refuse},

		{class: 3, name: "body with GET", input: get("Content-Length: 5\r\n") + "hello"},
		{class: 3, name: "request as the body of GET", input: get("Content-Length: 40\r\n") + follower[:40]},
		{class: 3, name: "chunked body with GET", input: get("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n"},
		{class: 3, name: "body with DELETE", input: "DELETE / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello"},
		{class: 3, name: "body with OPTIONS", input: "OPTIONS / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello"},
		{class: 3, name: "body with HEAD", input: "HEAD / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello"},
		{class: 3, name: "length 0, then another request", input: post("Content-Length: 0\r\n", follower), messages: 2},
		{class: 3, name: "body, then another request", input: post("Content-Length: 5\r\n", "hello"+follower), messages: 2},
		{class: 3, name: "body longer than its length", input: post("Content-Length: 2\r\n", "hello\r\n\r\n"), want: refuse, messages: 1},

		{class: 4, name: "two equal lengths", input: post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), want: refuse},
		{class: 4, name: "two different lengths", input: post("Content-Length: 5\r\nContent-Length: 0\r\n", "hello"), want: refuse},
		{class: 4, name: "lengths with a field between", input: post("Content-Length: 0\r\nX: 1\r\nContent-Length: 5\r\n", "hello"), want: refuse},
		withLength(4, "list of equal lengths", "5, 5", refuse),
		withLength(4, "list of equal lengths without a space", "5,5", refuse),
		withLength(4, "list of different lengths", "5, 0", refuse),
		withLength(4, "plus sign", "+5", refuse),
		withLength(4, "minus sign", "-5", refuse),
		withLength(4, "minus zero", "-0", refuse),
		withLength(4, "hexadecimal length", "0x5", refuse),
		withLength(4, "underscore in a length", "5_0", refuse),
		withLength(4, "space in a length", "5 5", refuse),
		withLength(4, "fraction", "5.0", refuse),
		withLength(4, "exponent", "5e0", refuse),
		withLength(4, "empty length", "", refuse),
		withLength(4, "letters after a length", "5a", refuse),
		withLength(4, "comma after a length", "5,", refuse),
		withLength(4, "vertical tab after a length", "5\x0b", refuse),
		withLength(4, "length in quotes", `"5"`, refuse),
		withLength(4, "length in Arabic digits", "\xd9\xa5", refuse),
		withLength(4, "length over 64 bits", "18446744073709551621", refuse),
		withLength(4, "length over 63 bits", "9223372036854775813", refuse),
		withLength(4, "leading zeros", "005", either),
		withLength(4, "white space around a length", " \t5\t ", either),

		{class: 19, name: "POST without a length, then another", input: post("", follower), messages: 2},
		{class: 19, name: "POST without a length, then bytes", input: post("", "hello\r\n\r\n"), want: refuse, messages: 1},
	}
}

// codingCases are about Transfer-Encoding itself: 2, 18.
func codingCases() []testCase {
	const empty = "0\r\n\r\n"
	no := []int{400, 501}
	coded := func(name, value string, want verdict) testCase {
		return testCase{class: 2, name: name, input: post("Transfer-Encoding: "+value+"\r\n", empty+follower), want: want, statuses: no, messages: 0}
	}
	return []testCase{
		{class: 2, name: "chunked", input: chunked("5\r\nhello\r\n0\r\n\r\n")},
		{class: 2, name: "chunked in capitals", input: post("TRANSFER-ENCODING: CHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n")},
		{class: 2, name: "chunked, then another request", input: chunked(empty + follower), messages: 2},
		coded("xchunked", "xchunked", refuse),
		coded("chunkedx", "chunkedx", refuse),
		coded("chunked twice in a list", "chunked, chunked", refuse),
		coded("chunked, then identity", "chunked, identity", refuse),
		coded("gzip, then chunked", "gzip, chunked", refuse),
		coded("identity, then chunked", "identity, chunked", refuse),
		coded("identity", "identity", refuse),
		coded("empty coding", "", refuse),
		coded("comma before chunked", ",chunked", refuse),
		coded("comma after chunked", "chunked,", refuse),
		coded("chunked with a parameter", "chunked;q=1", refuse),
		coded("chunked in quotes", `"chunked"`, refuse),
		coded("chunked in single quotes", `'chunked'`, refuse),
		coded("vertical tab before chunked", "\x0bchunked", refuse),
		coded("form feed after chunked", "chunked\x0c", refuse),
		coded("NUL after chunked", "chunked\x00", refuse),
		coded("bytes above ASCII in chunked", "chun\xc5\xbfked", refuse),
		coded("two words", "chunked x", refuse),
		{class: 2, name: "tab before chunked", input: post("Transfer-Encoding:\tchunked\r\n", "5\r\nhello\r\n"+empty), want: either},
		{class: 2, name: "space after chunked", input: post("Transfer-Encoding: chunked \r\n", "5\r\nhello\r\n"+empty), want: either},
		{class: 2, name: "two codings", input: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", empty), want: refuse, statuses: no},
		{class: 2, name: "coding and another", input: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", empty), want: refuse, statuses: no},
		{class: 2, name: "coding and an empty one", input: post("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", empty), want: refuse, statuses: no},
		{class: 18, name: "HTTP/1.0 with chunked", input: "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + empty, want: refuse, statuses: no},
		{class: 18, name: "HTTP/1.0 with chunked and a length",
			input: "POST / HTTP/1.0\r\nHost: a.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + empty, want: refuse, statuses: no},
		{class: 18, name: "HTTP/1.0 kept alive with chunked",
			input: "POST / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + empty + follower, want: refuse, statuses: no},
	}
}

// chunkCases are about the lines and the data of a chunked body: 10, 11, 12.
func chunkCases() []testCase {
	sized := func(name, size string, want verdict) testCase {
		return testCase{class: 10, name: name, input: chunked(size + "\r\nhello\r\n0\r\n\r\n"), want: want}
	}
	return []testCase{
		sized("capital hexadecimal and zeros", "0005", either),
		sized("empty chunk size", "", breaks),
		sized("chunk size with 0x", "0x5", breaks),
		sized("chunk size with a plus", "+5", breaks),
		sized("chunk size with a minus", "-5", breaks),
		sized("chunk size with an underscore", "5_", breaks),
		sized("chunk size that is no number", "g", breaks),
		sized("space before a chunk size", " 5", breaks),
		sized("chunk size with a space inside", "5 5", breaks),
		sized("chunk size with a NUL", "5\x00", breaks),
		sized("chunk size over 64 bits", "10000000000000005", breaks),
		sized("chunk size of 2^64-1", "ffffffffffffffff", breaks),
		sized("space after a chunk size", "5 ", either),
		{class: 10, name: "hexadecimal digits of both cases", input: chunked("aA\r\n" + strings.Repeat("x", 0xaa) + "\r\n0\r\n\r\n")},

		{class: 11, name: "chunk extension is left out", input: chunked("5;name=value\r\nhello\r\n0\r\n\r\n"), want: either},
		{class: 11, name: "chunk extension on the last chunk", input: chunked("5\r\nhello\r\n0;name\r\n\r\n"), want: either},
		{class: 11, name: "bare LF after a chunk size", input: chunked("5\nhello\r\n0\r\n\r\n"), want: breaks},
		{class: 11, name: "bare CR after a chunk size", input: chunked("5\rXhello\r\n0\r\n\r\n"), want: breaks},
		{class: 11, name: "bare LF in a chunk extension", input: chunked("5;a\nhello\r\n0\r\n\r\n"), want: breaks},
		{class: 11, name: "bare CR in a chunk extension", input: chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), want: breaks},
		{class: 11, name: "control in a chunk extension", input: chunked("5;a\x01\r\nhello\r\n0\r\n\r\n"), want: breaks},
		{class: 11, name: "chunk extension of 100 KB", input: chunked("5;" + strings.Repeat("a", 100<<10) + "\r\nhello\r\n0\r\n\r\n"), want: breaks},
		{class: 11, name: "bare LF after the last chunk", input: chunked("5\r\nhello\r\n0\n\r\n"), want: breaks},
		{class: 11, name: "line end in a quoted extension", input: chunked("5;a=\"\r\nhello\r\n0\r\n\r\n"), want: either},

		{class: 12, name: "no line end after a chunk", input: chunked("5\r\nhello0\r\n\r\n"), want: breaks},
		{class: 12, name: "bare LF after a chunk", input: chunked("5\r\nhello\n0\r\n\r\n"), want: breaks},
		{class: 12, name: "chunk longer than its size", input: chunked("5\r\nhelloworld\r\n0\r\n\r\n"), want: breaks},
		{class: 12, name: "chunk shorter than its size", input: chunked("6\r\nhello\r\n0\r\n\r\n"), want: breaks},
		{class: 12, name: "no last chunk", input: chunked("5\r\nhello\r\n"), want: cutOff},
		{class: 12, name: "no end after the last chunk", input: chunked("5\r\nhello\r\n0\r\n"), want: cutOff},
		{class: 12, name: "cut in a chunk", input: chunked("5\r\nhel"), want: cutOff},
		{class: 12, name: "cut in a chunk size", input: chunked("5\r\nhello\r\n1"), want: cutOff},
		{class: 12, name: "cut before the length is over", input: post("Content-Length: 50\r\n", "hello"), want: cutOff},
		{class: 12, name: "cut in the head", input: "GET / HTTP/1.1\r\nHost: a.te", want: cutOff},
	}
}

// trailerCases are about what follows the last chunk: 13.
func trailerCases() []testCase {
	trailed := func(name, trailer string, want verdict) testCase {
		return testCase{class: 13, name: name, input: chunked("5\r\nhello\r\n0\r\n" + trailer + "\r\n"), want: want}
	}
	follow := func(c testCase) testCase {
		c.input += follower
		return c
	}
	return []testCase{
		trailed("trailer", "X-Sum: 1\r\n", passes),
		follow(testCase{class: 13, name: "trailer, then another request", input: chunked("0\r\nX-Sum: 1\r\n\r\n"), messages: 2}),
		follow(trailed("length in a trailer", "Content-Length: 50\r\n", either)),
		follow(trailed("coding in a trailer", "Transfer-Encoding: chunked\r\n", either)),
		trailed("Host in a trailer", "Host: b.test\r\n", either),
		trailed("space before the colon in a trailer", "X : 1\r\n", breaks),
		trailed("no colon in a trailer", "X\r\n", breaks),
		trailed("no name in a trailer", ": 1\r\n", breaks),
		trailed("bare LF in a trailer", "X: 1\nY: 2\r\n", breaks),
		trailed("bare CR in a trailer", "X: 1\rY: 2\r\n", breaks),
		trailed("NUL in a trailer", "X: \x00\r\n", breaks),
		trailed("folded trailer", "X: 1\r\n 2\r\n", breaks),
	}
}
