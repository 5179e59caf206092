package http1

import (
	"pingap-go/message"
)

// Framing is how the end of a body is found.
type Framing uint8

// The ways of RFC 9112 section 6.3.
const (
	// NoBody: nothing follows the head.
	NoBody Framing = iota
	// Length: as many bytes as ContentLength says follow, at least one.
	Length
	// Chunks: the body is chunked.
	Chunks
	// UntilClose: the body ends with the connection. Responses only.
	UntilClose
)

// bodyLength is what the framing fields say: a length, UnknownLength for a
// chunked body, and given = false when they say nothing. minor is the sender's.
func (s *section) bodyLength(minor int) (length int64, given bool, p Problem) {
	if s.lengths|s.codings == 0 {
		return 0, false, ""
	}
	switch {
	case s.lengths > 0 && s.codings > 0:
		return 0, false, bothFramings
	case s.lengths > 1:
		return 0, false, manyLengths
	case s.codings > 1:
		return 0, false, manyCodings
	case s.lengths == 1:
		length, ok := decimal(s.length)
		if !ok {
			return 0, false, badLength
		}
		return length, true, ""
	case minor == 0:
		return 0, false, codingTooOld
	case !message.EqualFold(s.coding, "chunked"):
		return 0, false, badCoding
	}
	return message.UnknownLength, true, ""
}

// decimal reads 1 to 18 digits, which always fit.
func decimal(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}
