package http1

import (
	"strings"

	"pingap-go/message"
)

// Limits bound what one message may make us hold. The zero value is the default.
type Limits struct {
	// MaxHeadBytes bounds the whole head; 0 means 64 KiB.
	MaxHeadBytes int
	// MaxTargetBytes bounds the request target; 0 means 16 KiB.
	MaxTargetBytes int
	// MaxFields bounds the number of field lines; 0 means 128.
	MaxFields int
}

const (
	defaultHeadBytes   = 64 << 10
	defaultTargetBytes = 16 << 10
	defaultFields      = 128
	maxMethodBytes     = 32
)

// orDefault fills in what is zero. lim may be nil.
func (lim *Limits) orDefault() Limits {
	l := Limits{defaultHeadBytes, defaultTargetBytes, defaultFields}
	if lim == nil {
		return l
	}
	if lim.MaxHeadBytes > 0 {
		l.MaxHeadBytes = lim.MaxHeadBytes
	}
	if lim.MaxTargetBytes > 0 {
		l.MaxTargetBytes = lim.MaxTargetBytes
	}
	if lim.MaxFields > 0 {
		l.MaxFields = lim.MaxFields
	}
	return l
}

// ParseRequest fills req, which must be fresh or Reset, from a complete head.
// Body and Scheme are the caller's: a body follows when ContentLength is not 0.
// The strings in req are views into head. lim may be nil. The error is a
// *message.Fault that says how to answer; req is then half filled, for the
// access log at most.
func ParseRequest(head string, req *message.Request, lim *Limits) error {
	l := lim.orDefault()
	if p := parseRequest(head, req, &l); p != "" {
		return RequestFault(p)
	}
	return nil
}

func parseRequest(head string, req *message.Request, lim *Limits) Problem {
	if len(head) > lim.MaxHeadBytes {
		if strings.IndexByte(head[:lim.MaxHeadBytes], '\n') < 0 {
			return longTarget // as HeadTooLarge says of a head that came in pieces
		}
		return longHead
	}
	at, p := requestLine(head, req, lim)
	if p != "" {
		return p
	}
	s := section{header: &req.Header, left: lim.MaxFields}
	if p = s.read(head, at); p != "" {
		return p
	}
	if p = s.setAuthority(req); p != "" {
		return p
	}
	var given bool
	if req.ContentLength, given, p = s.bodyLength(req.Minor); p != "" {
		return p
	}
	return s.setOptions(req, given)
}

// requestLine reads RFC 9112 section 3, and says where the fields begin.
func requestLine(head string, req *message.Request, lim *Limits) (next int, p Problem) {
	end := span(head, 0, tokenByte)
	if p = methodProblem(head, end); p != "" {
		return 0, p
	}
	req.Method = head[:end]
	begin := end + 1
	end = span(head, begin, targetByte)
	if end-begin > lim.MaxTargetBytes {
		return 0, longTarget
	}
	if end == len(head) || head[end] != ' ' || end == begin {
		return 0, targetProblem(head, begin, end)
	}
	if next, p = version(head, end+1, req); p != "" {
		return 0, p
	}
	return next, setTarget(req, head[begin:end])
}

// methodProblem judges the method that ends at end. Methods that we do not know
// are for the upstream to judge.
func methodProblem(head string, end int) Problem {
	switch {
	case end > maxMethodBytes:
		return longMethod
	case end == 0 || end == len(head):
		return badMethod
	case head[end] != ' ':
		return badMethod
	}
	if m := head[:end]; m == "CONNECT" || m == "TRACE" {
		return refusedMethod
	}
	return ""
}

// targetProblem says why the target from begin does not end in a space.
func targetProblem(head string, begin, end int) Problem {
	switch {
	case begin == end && end < len(head) && head[end] == ' ':
		return badRequestLine
	case strings.HasPrefix(head[end:], "\r\n"):
		return badRequestLine
	}
	return badTarget
}

// version reads the rest of the request line.
func version(head string, at int, req *message.Request) (next int, p Problem) {
	const length = len("HTTP/1.1\r\n")
	req.Major = 1
	switch rest := head[at:]; {
	case strings.HasPrefix(rest, "HTTP/1.1\r\n"):
		req.Minor = 1
	case strings.HasPrefix(rest, "HTTP/1.0\r\n"):
		req.Minor = 0
	case len(rest) >= length && rest[:5] == "HTTP/" && isDigit(rest[5]) && rest[6] == '.' &&
		isDigit(rest[7]) && rest[8:length] == "\r\n":
		return 0, otherVersion
	default:
		return 0, badVersion
	}
	return at + length, ""
}

func isDigit(c byte) bool { return c-'0' <= 9 }
