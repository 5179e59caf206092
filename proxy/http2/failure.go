package http2

import (
	"errors"
	"strings"
)

// Failure is what an error of a round trip says about the request and the host.
type Failure int

// The failures.
const (
	// Broken: the connection or the stream ended, and the host may have begun with
	// the request.
	Broken Failure = iota
	// Unbegun: the connection takes no more requests, and the host has not seen
	// this one (RFC 9113 section 6.8). Nothing is wrong with it.
	Unbegun
	// Refused: the host has refused the stream without beginning with it
	// (RFC 9113 section 8.7).
	Refused
	// Malformed: the answer breaks the rules.
	Malformed
	// TooLarge: the request has a larger head than the host says it takes, and was not
	// sent (RFC 9113 section 6.5.2).
	TooLarge
)

// streamError has the fields of the library's own type, whose As method fills
// in anything of this form.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return "stream error" }

// Error codes of RFC 9113 section 7.
const (
	codeProtocol = 0x1
	codeRefused  = 0x7
)

// FailureOf looks at an error of http.ClientConn. The library gives most of them
// no type, so that their words have to do; tests hold each of them.
func FailureOf(err error) Failure {
	var stream streamError
	if errors.As(err, &stream) {
		switch {
		case stream.Code == codeRefused:
			return Refused
		case stream.Code == codeProtocol && (stream.Cause == nil || !strings.Contains(stream.Cause.Error(), "received from peer")):
			return Malformed
		}
		return Broken
	}
	text := err.Error()
	// A server that speaks HTTP/1 shows as a frame too large: "HTT" is its length.
	for _, words := range [...]string{"http2: frame too large", "connection error: PROTOCOL_ERROR"} {
		if strings.Contains(text, words) {
			return Malformed
		}
	}
	if strings.Contains(text, "request header list larger than peer's") {
		return TooLarge
	}
	for _, words := range [...]string{"graceful shutdown GOAWAY", "client conn not usable", "client conn could not be established"} {
		if strings.Contains(text, words) {
			return Unbegun
		}
	}
	return Broken
}
