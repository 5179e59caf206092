package http1

import (
	"errors"
	"testing"

	"pingap-go/message"
)

func TestAppendRequest(t *testing.T) {
	tests := []struct {
		name string
		req  message.Request
		want string
	}{
		{"GET", message.Request{Method: "GET", Path: "/a", Authority: "b:80"}, "GET /a HTTP/1.1\r\nHost: b:80\r\n\r\n"},
		{"a query", message.Request{Method: "GET", Path: "/", Query: "b=c", HasQuery: true, Authority: "d"}, "GET /?b=c HTTP/1.1\r\nHost: d\r\n\r\n"},
		{"an empty query", message.Request{Method: "GET", Path: "/", HasQuery: true, Authority: "a"}, "GET /? HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"no authority", message.Request{Method: "GET", Path: "/"}, "GET / HTTP/1.1\r\nHost: \r\n\r\n"},
		{"OPTIONS *", message.Request{Method: "OPTIONS", Path: "*", Authority: "a"}, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"a length", message.Request{Method: "GET", Path: "/", Authority: "a", ContentLength: 5}, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"},
		{"chunks", message.Request{Method: "PUT", Path: "/", Authority: "a", ContentLength: -1}, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"POST without content", message.Request{Method: "POST", Path: "/", Authority: "a"}, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
		{"DELETE without content", message.Request{Method: "DELETE", Path: "/", Authority: "a"}, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"an upgrade", message.Request{Method: "GET", Path: "/", Authority: "a", Upgrade: "websocket"}, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
		{"trailers accepted", message.Request{Method: "GET", Path: "/", Authority: "a", AcceptsTrailers: true}, "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n"},
		{"an expectation", message.Request{Method: "PUT", Path: "/", Authority: "a", ContentLength: 3, ExpectContinue: true}, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendRequest([]byte("before "), &tt.req)
			if string(got) != "before "+tt.want || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestAppendResponse(t *testing.T) {
	get := Client{Method: "GET", Minor: 1}
	head := Client{Method: "HEAD", Minor: 1}
	old := Client{Method: "GET", Minor: 0}
	closing := Client{Method: "GET", Minor: 1, Close: true}
	tests := []struct {
		name    string
		client  Client
		res     message.Response
		framing Framing
		want    string
	}{
		{"a length", get, message.Response{Status: 200, ContentLength: 5}, Length, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{"no content", get, message.Response{Status: 200}, NoBody, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"chunks", get, message.Response{Status: 200, ContentLength: -1}, Chunks, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"own reason", get, message.Response{Status: 404, Reason: "Gone fishing"}, NoBody, "HTTP/1.1 404 Gone fishing\r\nContent-Length: 0\r\n\r\n"},
		{"unknown status", get, message.Response{Status: 599}, NoBody, "HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n"},
		{"close", closing, message.Response{Status: 200, ContentLength: 5}, Length, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"},
		{"1.0 keep-alive", old, message.Response{Status: 200, ContentLength: 5}, Length, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
		{"1.0 gets no chunks", old, message.Response{Status: 200, ContentLength: -1}, UntilClose, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
		{"HEAD with a length", head, message.Response{Status: 200, ContentLength: 5}, NoBody, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{"HEAD without", head, message.Response{Status: 200, ContentLength: -1}, NoBody, "HTTP/1.1 200 OK\r\n\r\n"},
		{"204", get, message.Response{Status: 204, ContentLength: 5}, NoBody, "HTTP/1.1 204 No Content\r\n\r\n"},
		{"304 with a length", get, message.Response{Status: 304, ContentLength: 5}, NoBody, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
		{"304 of a plugin", get, message.Response{Status: 304}, NoBody, "HTTP/1.1 304 Not Modified\r\n\r\n"},
		{"304 without", get, message.Response{Status: 304, ContentLength: -1}, NoBody, "HTTP/1.1 304 Not Modified\r\n\r\n"},
		{"101", get, message.Response{Status: 101, Upgrade: "websocket"}, NoBody, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendResponse([]byte("before "), &tt.res, &tt.client)
			if string(got) != "before "+tt.want || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			if framing := tt.client.Framing(&tt.res); framing != tt.framing {
				t.Errorf("framing %d, want %d", framing, tt.framing)
			}
		})
	}
}

func TestDateIsAddedOnlyWhenGivenAndAbsent(t *testing.T) {
	var res message.Response
	res.Status = 200
	c := Client{Method: "GET", Minor: 1, Date: "Sun, 22 Nov 2026 10:00:00 GMT"}
	got, _ := AppendResponse(nil, &res, &c)
	if string(got) != "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n" {
		t.Errorf("got %q", got)
	}
	res.Header.Add("date", "then")
	if got, _ = AppendResponse(nil, &res, &c); string(got) != "HTTP/1.1 200 OK\r\ndate: then\r\nContent-Length: 0\r\n\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestAppendInterim(t *testing.T) {
	var res message.Response
	res.Status = 103
	res.Header.Add("Link", "</a.css>; rel=preload")
	res.Header.Add("Content-Length", "5")
	if got, err := AppendInterim(nil, &res); string(got) != "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, status := range []int{0, 99, 101, 200} {
		if got, err := AppendInterim(nil, &message.Response{Status: status}); len(got) != 0 || err == nil {
			t.Errorf("%d is written as interim: %q", status, got)
		}
	}
	for _, status := range []int{0, 100, 199, 1000, -1} {
		if got, err := AppendResponse(nil, &message.Response{Status: status}, &Client{}); len(got) != 0 || err == nil {
			t.Errorf("%d is written as final: %q", status, got)
		}
	}
}

func TestAppendChunks(t *testing.T) {
	var trailer message.Header
	trailer.Add("X-Sum", "1")
	trailer.Add("Content-Length", "5")
	out := AppendChunk(nil, []byte("hello"))
	out = AppendChunk(out, nil)
	out = AppendChunkHead(out, 0xab)
	out, err := AppendLastChunk(append(out, "..."...), &trailer)
	if string(out) != "5\r\nhello\r\nab\r\n...0\r\nX-Sum: 1\r\n\r\n" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	if out, err = AppendLastChunk(nil, nil); string(out) != "0\r\n\r\n" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	if head := AppendChunkHead(nil, 1<<63-1); len(head) != MaxChunkHead {
		t.Errorf("%d bytes of chunk head", len(head))
	}
}

// Row 28: what did not come from a parser is looked at by the serialisers.
func TestNothingCanEndALine(t *testing.T) {
	for _, bad := range []string{"a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\x00b", "a\x1bb", "a\x7f"} {
		fields := map[string]message.Field{"name": {Name: bad, Value: "v"}, "value": {Name: "Location", Value: bad}}
		for where, f := range fields {
			var req message.Request
			req.Method, req.Path, req.Authority = "GET", "/", "a"
			req.Header.Add(f.Name, f.Value)
			if got, err := AppendRequest([]byte("kept"), &req); string(got) != "kept" || !isProblem(err) {
				t.Errorf("request with %s %q: %q, %v", where, bad, got, err)
			}
			res := message.Response{Status: 200}
			res.Header.Add(f.Name, f.Value)
			if got, err := AppendResponse([]byte("kept"), &res, &Client{Minor: 1}); string(got) != "kept" || !isProblem(err) {
				t.Errorf("response with %s %q: %q, %v", where, bad, got, err)
			}
			if got, err := AppendLastChunk([]byte("kept"), &res.Header); string(got) != "kept" || !isProblem(err) {
				t.Errorf("trailer with %s %q: %q, %v", where, bad, got, err)
			}
		}
		for _, req := range []message.Request{
			{Method: bad, Path: "/"}, {Method: "GET", Path: "/" + bad}, {Method: "GET", Path: "/", Query: bad},
			{Method: "GET", Path: "/", Authority: bad}, {Method: "GET", Path: "/", Upgrade: bad},
		} {
			if got, err := AppendRequest([]byte("kept"), &req); string(got) != "kept" || !isProblem(err) {
				t.Errorf("request %+v: %q, %v", req, got, err)
			}
		}
		for _, res := range []message.Response{{Status: 200, Reason: bad}, {Status: 101, Upgrade: bad}} {
			if got, err := AppendResponse([]byte("kept"), &res, &Client{Minor: 1}); string(got) != "kept" || !isProblem(err) {
				t.Errorf("response %+v: %q, %v", res, got, err)
			}
		}
		if got, err := AppendResponse(nil, &message.Response{Status: 200}, &Client{Date: bad}); got != nil || !isProblem(err) {
			t.Errorf("date %q: %q, %v", bad, got, err)
		}
	}
}

func TestUnsendableRequests(t *testing.T) {
	for name, req := range map[string]message.Request{
		"no method":         {Path: "/"},
		"method with space": {Method: "GET /x", Path: "/"},
		"no path":           {Method: "GET"},
		"relative path":     {Method: "GET", Path: "a"},
		"path with space":   {Method: "GET", Path: "/a b"},
		"path with query":   {Method: "GET", Path: "/a?b"},
		"path with #":       {Method: "GET", Path: "/a#b"},
		"query with space":  {Method: "GET", Path: "/", Query: "a b"},
		"user in authority": {Method: "GET", Path: "/", Authority: "u@a"},
		"non-ASCII path":    {Method: "GET", Path: "/\u00e9"},
	} {
		if got, err := AppendRequest(nil, &req); got != nil || !isProblem(err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// Row 28: whoever puts framing or hop-by-hop fields into a header has no say.
func TestFramingIsOursAlone(t *testing.T) {
	var h message.Header
	for _, name := range []string{
		"Content-Length", "transfer-encoding", "CONNECTION", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
		"HTTP2-Settings", "Expect",
	} {
		h.Add(name, "7")
		h.AddField(message.Field{Name: name, Value: "7"})
	}
	h.Add("A", "b")
	req := message.Request{Method: "GET", Path: "/", Authority: "a", Header: h}
	if got, err := AppendRequest(nil, &req); string(got) != "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	res := message.Response{Status: 200, Header: h}
	if got, err := AppendResponse(nil, &res, &Client{Minor: 1}); string(got) != "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func isProblem(err error) bool {
	p := Problem("")
	return errors.As(err, &p)
}
