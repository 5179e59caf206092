package differential

import "strings"

// hostCases are about who is asked: 14.
func hostCases() []testCase {
	host := func(name, value string, want verdict) testCase {
		return testCase{class: 14, name: name, input: "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n", want: want}
	}
	return []testCase{
		host("host", "a.test", passes),
		host("host with a port", "a.test:8080", passes),
		host("host that is an IPv6 address", "[::1]:80", passes),
		{class: 14, name: "no Host", input: "GET / HTTP/1.1\r\n\r\n", want: refuse},
		{class: 14, name: "no Host with HTTP/1.0", input: "GET / HTTP/1.0\r\n\r\n", want: passes},
		{class: 14, name: "two different Hosts", input: get("Host: b.test\r\n"), want: refuse},
		{class: 14, name: "two equal Hosts", input: get("Host: a.test\r\n"), want: refuse},
		host("two hosts in a list", "a.test, b.test", refuse),
		host("space in a host", "a.test b", refuse),
		host("path in a host", "a.test/b", refuse),
		host("query in a host", "a.test?b", refuse),
		host("fragment in a host", "a.test#b", refuse),
		host("backslash in a host", `a.test\b`, refuse),
		host("user in a host", "u@a.test", refuse),
		host("port that is no number", "a.test:x", refuse),
		host("NUL in a host", "a\x00.test", refuse),
		host("bytes above ASCII in a host", "\xc3\xa4.test", refuse),
		host("open bracket in a host", "[::1", refuse),
		host("empty host", "", either),
		{class: 14, name: "absolute form", input: "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"},
		{class: 14, name: "absolute form without Host", input: "GET http://a.test/x HTTP/1.1\r\n\r\n", want: refuse},
		{class: 14, name: "absolute form for another host", input: "GET http://b.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", want: either,
			upstreamHas: []string{"host: b.test"}, upstreamLacks: []string{"host: a.test"}},
		{class: 14, name: "absolute form with a user", input: "GET http://u@a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", want: refuse},
		{class: 14, name: "absolute form of another scheme", input: "GET ftp://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", want: either},
	}
}

// targetCases are about what is asked for: 15.
func targetCases() []testCase {
	target := func(name, value string, want verdict) testCase {
		return testCase{class: 15, name: name, input: "GET " + value + " HTTP/1.1\r\nHost: a.test\r\n\r\n", want: want}
	}
	split := target("encoded line end", "/a%0d%0aX:%201", either)
	split.upstreamHas, split.upstreamLacks = []string{"%0d%0a"}, []string{"\r\nx: 1"}
	nul := target("encoded NUL", "/a%00b", either)
	nul.upstreamHas = []string{"%00"}
	return []testCase{
		target("path", "/a/b?c=d", passes),
		target("dot segments", "/a/../b/./c", passes),
		target("encoded path", "/a%20b", passes),
		target("control in the target", "/a\x01b", refuse),
		target("NUL in the target", "/a\x00b", refuse),
		target("tab in the target", "/a\tb", refuse),
		target("space in the target", "/a b", refuse),
		target("bytes above ASCII in the target", "/\xc3\xa4", refuse),
		target("fragment", "/a#b", refuse),
		target("backslash in the path", `/a\b`, refuse),
		target("asterisk with GET", "*", refuse),
		target("no leading slash", "a", refuse),
		target("authority form with GET", "a.test:80", refuse),
		target("more dot segments than path", "/../../x", either),
		target("broken percent-encoding", "/a%zz", either),
		split, nul,
		{class: 15, name: "asterisk with OPTIONS", input: "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", want: either},
	}
}

// startLineCases are about the method and the version: 16, 17, 23, 24.
func startLineCases() []testCase {
	line := func(class int, name, start string, want verdict, statuses ...int) testCase {
		return testCase{class: class, name: name, input: start + "\r\nHost: a.test\r\n\r\n", want: want, statuses: statuses}
	}
	return []testCase{
		line(16, "unknown method", "FROB / HTTP/1.1", passes),
		line(16, "method in small letters", "get / HTTP/1.1", either),
		line(16, "no token as method", "G(T / HTTP/1.1", refuse),
		line(16, "control in the method", "G\x01T / HTTP/1.1", refuse),
		line(16, "colon in the method", "GET: / HTTP/1.1", refuse),
		line(16, "no method", " / HTTP/1.1", refuse),
		line(16, "space before the method", " GET / HTTP/1.1", refuse),
		line(16, "method of 10 KB", strings.Repeat("M", 10<<10)+" / HTTP/1.1", refuse, 400, 414, 431, 501),
		line(16, "two spaces after the method", "GET  / HTTP/1.1", refuse),
		line(16, "tab after the method", "GET\t/ HTTP/1.1", refuse),
		line(17, "two spaces before the version", "GET /  HTTP/1.1", refuse),
		line(17, "space after the version", "GET / HTTP/1.1 ", refuse, 400, 505),
		line(17, "no version", "GET /", refuse, 400, 505),
		line(17, "version 1.2", "GET / HTTP/1.2", refuse, 400, 505),
		line(17, "version 1.10", "GET / HTTP/1.10", refuse, 400, 505),
		line(17, "version 01.1", "GET / HTTP/01.1", refuse, 400, 505),
		line(17, "version 1", "GET / HTTP/1", refuse, 400, 505),
		line(17, "version 2.0", "GET / HTTP/2.0", refuse, 400, 505),
		line(17, "version 0.9", "GET / HTTP/0.9", refuse, 400, 505),
		line(17, "version in small letters", "GET / http/1.1", refuse, 400, 505),
		line(17, "another protocol", "GET / ICY/1.1", refuse, 400, 505),
		{class: 17, name: "preface of HTTP/2", input: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", want: refuse, statuses: []int{400, 405, 505}},
		line(23, "CONNECT", "CONNECT a.test:80 HTTP/1.1", refuse, 400, 405, 501),
		line(23, "CONNECT with a path", "CONNECT / HTTP/1.1", refuse, 400, 405, 501),
		line(24, "TRACE", "TRACE / HTTP/1.1", refuse, 405, 501),
	}
}

// connectionCases are about what belongs to one connection only: 20, 21, 25.
func connectionCases() []testCase {
	return []testCase{
		{class: 20, name: "nominated field", input: get("Connection: close, X-Secret\r\nX-Secret: 1\r\n"), upstreamLacks: []string{"x-secret"}},
		{class: 20, name: "nominations in two lines", input: get("Connection: X-One\r\nConnection: X-Two\r\nX-One: 1\r\nX-Two: 2\r\n"),
			upstreamLacks: []string{"x-one", "x-two"}},
		{class: 20, name: "nominated length", input: post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello")},
		{class: 20, name: "nominated coding", input: post("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")},
		{class: 20, name: "nominated Host", input: get("Connection: Host\r\n"), upstreamHas: []string{"\r\nhost: a.test"}},
		{class: 20, name: "nominated forwarded header", input: get("Connection: X-Forwarded-For, X-Real-IP\r\n"),
			upstreamHas: []string{"x-forwarded-for: 127.0.0.1", "x-real-ip: 127.0.0.1"}},
		{class: 20, name: "nominated Authorization", input: get("Connection: Authorization\r\nAuthorization: Basic YTpi\r\n"),
			upstreamHas: []string{"authorization: basic ytpi"}},
		{class: 20, name: "forged forwarded header", input: get("X-Forwarded-For: 10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\n"),
			upstreamHas: []string{"x-forwarded-for: 127.0.0.1"}, upstreamLacks: []string{"10.0.0.1"}},
		{class: 20, name: "Keep-Alive and Proxy-Connection", input: get("Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n"),
			upstreamLacks: []string{"timeout=5", "proxy-connection"}},
		{class: 21, name: "Upgrade to h2c", input: get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"),
			upstreamLacks: []string{"h2c", "http2-settings"}},
		{class: 21, name: "Upgrade to h2c and websocket", input: get("Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n"), want: either,
			upstreamLacks: []string{"h2c"}},
		{class: 21, name: "refused websocket, then another request",
			input: get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n") + follower, messages: 2},
		{class: 21, name: "Upgrade with a body", input: post("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 40\r\n", follower[:40]), want: either},
		{class: 25, name: "expectation with its body at once", input: post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello")},
		{class: 25, name: "expectation without a body", input: get("Expect: 100-continue\r\n"), want: either},
		{class: 25, name: "unknown expectation", input: post("Expect: 200-ok\r\nContent-Length: 5\r\n", "hello"), want: either},
	}
}
