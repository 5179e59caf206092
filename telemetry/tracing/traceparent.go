package tracing

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"pingap-go/message"
)

// The parts of a traceparent of version 00 (W3C Trace Context section 3.2.2):
// "00-" + 32 hex digits of trace-id + "-" + 16 of parent-id + "-" + 2 of flags.
const (
	traceparentLen = 55
	traceIDEnd     = 35
	parentIDEnd    = 52
)

// Continue makes sure that h bears exactly one valid traceparent: it lets the
// one that came pass, with its tracestate, or starts a trace that nobody has
// recorded. It is what a request costs when tracing is off.
func Continue(h *message.Header) {
	var first string
	n := 0
	for _, f := range h.Fields() {
		if f.Known == message.Traceparent {
			first = f.Value
			n++
		}
	}
	if n == 1 && ValidTraceparent(first) {
		return
	}
	if n > 0 {
		h.Del("traceparent")
	}
	h.Del("tracestate") // says nothing without its traceparent (section 3.3)
	h.AddField(message.Field{Name: "traceparent", Value: NewTraceparent(), Known: message.Traceparent})
}

// NewTraceparent starts a trace: random numbers, and flags that say that nothing
// was recorded of it. It makes one allocation.
func NewTraceparent() string {
	var raw [24]byte
	binary.BigEndian.PutUint64(raw[0:], rand.Uint64())
	binary.BigEndian.PutUint64(raw[8:], nonZero())
	binary.BigEndian.PutUint64(raw[16:], nonZero())
	text := [traceparentLen]byte{0: '0', 1: '0', 2: '-', traceIDEnd: '-', parentIDEnd: '-', 53: '0', 54: '0'}
	hex.Encode(text[3:traceIDEnd], raw[:16])
	hex.Encode(text[traceIDEnd+1:parentIDEnd], raw[16:])
	return string(text[:])
}

func nonZero() uint64 {
	for {
		if n := rand.Uint64(); n != 0 {
			return n
		}
	}
}

// ValidTraceparent reports whether s can be continued (W3C Trace Context section
// 3.2): lower-case hex, numbers that are not all zero, version not ff. Version 00
// has exactly four parts; a later one may have more.
func ValidTraceparent(s string) bool {
	switch {
	case len(s) < traceparentLen, s[2] != '-', s[traceIDEnd] != '-', s[parentIDEnd] != '-':
		return false
	case s[:2] == "ff", s[:2] == "00" && len(s) != traceparentLen:
		return false
	case len(s) > traceparentLen && s[traceparentLen] != '-':
		return false
	}
	return lowerHex(s[:2]) && lowerHex(s[53:55]) &&
		lowerHex(s[3:traceIDEnd]) && !zeros(s[3:traceIDEnd]) &&
		lowerHex(s[traceIDEnd+1:parentIDEnd]) && !zeros(s[traceIDEnd+1:parentIDEnd])
}

func lowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func zeros(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}
