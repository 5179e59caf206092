package http1

import (
	"errors"
	"net/http"

	"pingap-go/message"
)

// Problem is the rule that a message breaks, as a short sentence. It is a
// constant of this package and never holds bytes of the message, so it may be
// shown to clients.
type Problem string

// What can be wrong with the start line.
const (
	badFirstByte     Problem = "message does not start like HTTP/1"
	badMethod        Problem = "method is not a token"
	longMethod       Problem = "method is too long"
	refusedMethod    Problem = "method is not served here"
	badRequestLine   Problem = "request line is not method, target and version with single spaces"
	badTarget        Problem = "request target holds a forbidden character"
	badTargetForm    Problem = "request target is neither a path nor an http URI"
	badEscape        Problem = "request target holds a malformed percent-encoding"
	aboveRoot        Problem = "request target leads above the root"
	longTarget       Problem = "request target is too long"
	badVersion       Problem = "HTTP version is malformed"
	otherVersion     Problem = "HTTP version is not 1.0 or 1.1"
	badStatusLine    Problem = "status line is malformed"
	badReason        Problem = "reason phrase holds a control character"
	unaskedSwitching Problem = "101 response without Connection: upgrade and one Upgrade token"
)

// What can be wrong with header and trailer fields.
const (
	bareLF         Problem = "line ends without a carriage return"
	longHead       Problem = "message head is too large"
	manyFields     Problem = "too many header fields"
	openHead       Problem = "message head does not end with one empty line"
	foldedLine     Problem = "header line begins with white space"
	badName        Problem = "header name is not a token"
	spaceInName    Problem = "white space between header name and colon"
	noColon        Problem = "header line without a colon"
	badValue       Problem = "header value holds a control character"
	noHost         Problem = "Host is missing"
	manyHosts      Problem = "more than one Host"
	badHost        Problem = "Host is not a host name or address with an optional port"
	badUpgrade     Problem = "Upgrade is not a token"
	manyOptions    Problem = "Connection has too many options"
	badExpectation Problem = "Expect asks for something other than 100-continue"
)

// What can be wrong with framing.
const (
	bothFramings    Problem = "both Content-Length and Transfer-Encoding"
	manyLengths     Problem = "more than one Content-Length"
	badLength       Problem = "Content-Length is not a number of at most 18 digits"
	manyCodings     Problem = "more than one Transfer-Encoding"
	badCoding       Problem = "Transfer-Encoding is not chunked"
	codingTooOld    Problem = "Transfer-Encoding in HTTP/1.0"
	badChunkSize    Problem = "chunk size is not a hexadecimal number of at most 15 digits"
	badChunkLine    Problem = "chunk line holds a forbidden character"
	badChunkEnd     Problem = "chunk data is not followed by an empty line"
	longExtension   Problem = "chunk extension is too long"
	chunkOverhead   Problem = "too many bytes around the chunks"
	longTrailer     Problem = "trailer section is too large"
	manyTrailers    Problem = "too many trailer fields"
	unfinishedChunk Problem = "chunked body is not finished"
)

// Error is the sentence.
func (p Problem) Error() string { return string(p) }

// RequestFault gives an error of this package the answer that a client
// deserves for it. The connection closes, for nobody can say where the next
// request begins.
func RequestFault(err error) *message.Fault {
	f := fault(http.StatusBadRequest, "bad_request", err)
	switch err {
	case longTarget:
		f.Status, f.Type = http.StatusRequestURITooLong, "uri_too_long"
	case longHead, manyFields, manyOptions, longTrailer, manyTrailers:
		f.Status, f.Type = http.StatusRequestHeaderFieldsTooLarge, "header_too_large"
	case refusedMethod:
		f.Status = http.StatusMethodNotAllowed
	case otherVersion:
		f.Status = http.StatusHTTPVersionNotSupported
	case badExpectation:
		f.Status = http.StatusExpectationFailed
	}
	return f
}

// ResponseFault gives an error of this package, met in what an upstream sent,
// the answer that the client gets in its place.
func ResponseFault(err error) *message.Fault {
	return fault(http.StatusBadGateway, "bad_response", err)
}

// fault tells clients the sentence of a Problem, and only logs the rest of err.
func fault(status int, kind string, err error) *message.Fault {
	f := &message.Fault{Status: status, Type: kind, Close: true}
	if p := Problem(""); errors.As(err, &p) {
		f.Detail = string(p)
	}
	if err.Error() != f.Detail {
		f.Err = err
	}
	return f
}
