package http1

import (
	"fmt"

	"pingap-go/message"
)

// AppendRequest writes the head of a request for an upstream, in HTTP/1.1
// whatever the client's version was. The target is Path and Query, Host is
// Authority, and framing is ours: Content-Length or chunks by ContentLength. It
// does not allocate when dst has room. The error says which part of the request
// cannot be sent; dst is then as it was.
func AppendRequest(dst []byte, req *message.Request) ([]byte, error) {
	if err := CheckRequest(req); err != nil {
		return dst, err
	}
	out := append(dst, req.Method...)
	out = append(out, ' ')
	out = append(out, req.Path...)
	if req.HasQuery {
		out = append(out, '?')
		out = append(out, req.Query...)
	}
	out = append(out, " HTTP/1.1\r\nHost: "...)
	out = append(out, req.Authority...)
	out = append(out, "\r\n"...)
	out, err := appendFields(out, &req.Header)
	if err != nil {
		return dst, err
	}
	if req.ContentLength != 0 || expectsContent(req.Method) {
		out = appendLength(out, req.ContentLength)
	}
	switch {
	case req.Upgrade != "":
		out = append(out, "Connection: Upgrade\r\nUpgrade: "...)
		out = append(out, req.Upgrade...)
		out = append(out, "\r\n"...)
	case req.AcceptsTrailers:
		out = append(out, "Connection: TE\r\nTE: trailers\r\n"...)
	}
	if req.ExpectContinue {
		out = append(out, "Expect: 100-continue\r\n"...)
	}
	return append(out, "\r\n"...), nil
}

// expectsContent says that a request of this method without content says so
// (RFC 9110 section 8.6).
func expectsContent(method string) bool {
	return method == "POST" || method == "PUT" || method == "PATCH"
}

// CheckRequest looks at what plugins, rewrites and rules may have set, but for the
// fields. The error says which part of the request cannot be sent.
func CheckRequest(req *message.Request) error {
	switch {
	case !only(req.Method, tokenByte):
		return fmt.Errorf("request cannot be sent: %w", badMethod)
	case !isPath(req.Path), span(req.Query, 0, targetByte) != len(req.Query):
		return fmt.Errorf("request cannot be sent: %w", badTarget)
	case req.Upgrade != "" && !only(req.Upgrade, tokenByte):
		return fmt.Errorf("request cannot be sent: %w", badUpgrade)
	case req.Authority == "":
		return nil
	}
	if _, p := authority(req.Authority); p != "" {
		return fmt.Errorf("request cannot be sent: %w", p)
	}
	return nil
}

// isPath reports whether path can stand in a request line: "*", or visible
// ASCII from a slash on, without a query.
func isPath(path string) bool {
	if path == "*" {
		return true
	}
	if path == "" || path[0] != '/' {
		return false
	}
	for i := range len(path) {
		if class[path[i]]&targetByte == 0 || path[i] == '?' {
			return false
		}
	}
	return true
}
