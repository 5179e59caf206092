package http1

import (
	"bytes"

	"pingap-go/message"
)

// maxEmptyLines is how many empty lines before a request are forgiven.
const maxEmptyLines = 2

// SkipEmptyLines is how many bytes of empty lines stand before a request: some
// clients send one after a body (RFC 9112 section 2.2). At most two are skipped.
// A lone CR at the end of buf is left for the next call.
func SkipEmptyLines(buf []byte) int {
	n := 0
	for n < 2*maxEmptyLines && len(buf) >= n+2 && buf[n] == '\r' && buf[n+1] == '\n' {
		n += 2
	}
	return n
}

// HeadLength is the length of the request head that buf begins with, the empty
// line included, or 0 while it is incomplete. from is how many bytes of buf an
// earlier call has seen, so that nothing is scanned twice; buf begins with the
// same byte in every call. It errs as soon as no further byte can make the head
// valid; the error is a *message.Fault with 400. Empty lines before the request are SkipEmptyLines's part.
func HeadLength(buf []byte, from int) (int, error) {
	if from == 0 && len(buf) > 0 && class[buf[0]]&tokenByte == 0 && !maybeEmptyLine(buf) {
		return 0, RequestFault(badFirstByte)
	}
	n, p := headEnd(buf, from)
	if p != "" {
		return 0, RequestFault(p)
	}
	return n, nil
}

// maybeEmptyLine says that buf is a CR whose LF has not arrived yet.
func maybeEmptyLine(buf []byte) bool { return len(buf) == 1 && buf[0] == '\r' }

// ResponseHeadLength is HeadLength for the head of a response. Bytes that cannot
// be an HTTP/1 status line are refused at the first of them; the error is a
// *message.Fault with 502.
func ResponseHeadLength(buf []byte, from int) (int, error) {
	const start = "HTTP/1."
	if n := min(len(buf), len(start)); from < len(start) && string(buf[:n]) != start[:n] {
		return 0, ResponseFault(badFirstByte)
	}
	n, p := headEnd(buf, from)
	if p != "" {
		return 0, ResponseFault(p)
	}
	return n, nil
}

// headEnd looks for the empty line by the line feeds, each of which must follow
// a carriage return.
func headEnd(buf []byte, from int) (int, Problem) {
	for from < len(buf) {
		lf := bytes.IndexByte(buf[from:], '\n')
		if lf < 0 {
			return 0, ""
		}
		from += lf + 1
		if from < 2 || buf[from-2] != '\r' {
			return 0, bareLF
		}
		if from < 4 || buf[from-3] == '\n' {
			return from, ""
		}
	}
	return 0, ""
}

// HeadTooLarge is the fault for a request head that has filled the reader's
// buffer and is not complete: 414 while even its first line is open, else 431.
func HeadTooLarge(buf []byte) *message.Fault {
	if bytes.IndexByte(buf, '\n') < 0 {
		return RequestFault(longTarget)
	}
	return RequestFault(longHead)
}
