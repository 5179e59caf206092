// Package message is HTTP as values: requests, responses, headers and bodies,
// the same for every protocol version, with no I/O of its own.
//
// A parsed head is one immutable string and every name and value is a view into
// it, so whoever saw a string may keep it. The structs are reused from message
// to message by their connection and must not be kept.
//
// Framing (Content-Length, Transfer-Encoding) is not part of the header here:
// parsers take it out and say it in ContentLength, serialisers write it anew.
// The same goes for hop-by-hop fields. What stands in a Header is end-to-end.
package message

import "io"

// UnknownLength is the ContentLength of a body whose length the sender did not say.
const UnknownLength int64 = -1

// Body is the content of a message, streamed once.
//
// Read has io.Reader's contract. Its error is io.EOF only at the true end of the
// message; a body that breaks off gives io.ErrUnexpectedEOF or the cause. Close
// lets go of what is left and may be called at any time, more than once.
type Body interface {
	io.Reader
	io.Closer
}

// Request is one request on its way from client to upstream.
type Request struct {
	Method string
	// Path is the normalised path (RFC 3986 section 6.2.2: dot segments removed,
	// needless percent-encoding undone, hex in upper case), on which routes are
	// matched and which is sent on. It begins with "/", or is "*" for OPTIONS *.
	Path string
	// Query is what followed "?", as sent; HasQuery tells "/?" from "/".
	Query    string
	HasQuery bool
	// Target is the request target as the client sent it, for logs.
	Target string
	// Authority is the host and port asked for, from Host or the absolute-form.
	Authority string
	// Scheme is "http" or "https", by the client's connection.
	Scheme string
	// Minor is the client's HTTP/1 minor version (0 or 1); Major is 1 or 2.
	Major, Minor int

	Header Header
	// ContentLength is 0 without a body, UnknownLength for a chunked one.
	ContentLength int64
	// Body is nil exactly when there is none.
	Body Body
	// Trailer is filled when Body has given io.EOF.
	Trailer Header

	// Upgrade is the protocol the client asks to switch to ("websocket"), if any.
	Upgrade string
	// ExpectContinue is set by "Expect: 100-continue".
	ExpectContinue bool
	// Close says that the client wants the connection closed afterwards.
	Close bool
	// AcceptsTrailers is set by "TE: trailers".
	AcceptsTrailers bool
}

// Reset makes the request ready for reuse.
func (r *Request) Reset() {
	h, t := r.Header, r.Trailer
	h.Reset()
	t.Reset()
	*r = Request{Header: h, Trailer: t}
}

// Host is the authority without its port, as sent (case kept).
func (r *Request) Host() string {
	a := r.Authority
	for i := len(a) - 1; i >= 0; i-- {
		switch a[i] {
		case ':':
			return a[:i]
		case ']':
			return a
		}
	}
	return a
}

// Response is one response on its way from upstream (or a plugin) to client.
type Response struct {
	Status int
	// Reason is the reason phrase; "" means the standard one.
	Reason string
	Header Header
	// ContentLength is UnknownLength when the length is not known. For HEAD and
	// 304 it is what the header said, and Body is nil.
	ContentLength int64
	// Body is nil when there is none.
	Body Body
	// Trailer is filled when Body has given io.EOF.
	Trailer Header
	// Upgrade is the protocol that was switched to, with status 101 only.
	Upgrade string
	// Close says that the upstream's connection ends with this response.
	Close bool
	// KeepAlive is how many seconds the upstream promised to keep the connection
	// ("Keep-Alive: timeout=5"); 0 when it said nothing.
	KeepAlive int
}

// Reset makes the response ready for reuse.
func (r *Response) Reset() {
	h, t := r.Header, r.Trailer
	h.Reset()
	t.Reset()
	*r = Response{Header: h, Trailer: t}
}

// BodyAllowed reports whether a response to method with status can have content
// (RFC 9110 sections 6.4.1, 9.3.2, 15.2, 15.3.5, 15.4.5).
func BodyAllowed(method string, status int) bool {
	return method != "HEAD" && status >= 200 && status != 204 && status != 304
}
