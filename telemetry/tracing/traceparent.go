package tracing

import (
	"encoding/binary"
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
	if bearsOne(h) {
		return
	}
	h.DelFunc(isTraceContext) // a tracestate says nothing without its traceparent (section 3.3)
	h.AddKnown(message.Traceparent, NewTraceparent())
}

// bearsOne reports whether h has one traceparent, and a valid one.
func bearsOne(h *message.Header) bool {
	fields, valid, n := h.Fields(), false, 0
	for i := range fields {
		if fields[i].Known == message.Traceparent {
			valid = ValidTraceparent(fields[i].Value)
			n++
		}
	}
	return n == 1 && valid
}

func isTraceContext(f *message.Field) bool {
	return f.Known == message.Traceparent || f.Known == message.Tracestate
}

// NewTraceparent starts a trace: random numbers, and flags that say that nothing
// was recorded of it. It makes one allocation.
func NewTraceparent() string {
	text := [traceparentLen]byte{0: '0', 1: '0', 2: '-', traceIDEnd: '-', parentIDEnd: '-', 53: '0', 54: '0'}
	putHex(text[3:], rand.Uint64())
	putHex(text[3+16:], nonZero())
	putHex(text[traceIDEnd+1:], nonZero())
	return string(text[:])
}

// putHex writes n as 16 digits to the front of text.
func putHex(text []byte, n uint64) {
	binary.BigEndian.PutUint64(text, eightDigits(n>>32))
	binary.BigEndian.PutUint64(text[8:], eightDigits(n&0xffffffff))
}

// eightDigits is the lower half of n in hexadecimal, a byte a digit, all of them
// worked out at once: the halves move apart three times, until each digit has a
// byte, and those from ten on are told by the carry that six more give.
func eightDigits(n uint64) uint64 {
	const each = 0x0101010101010101
	n = (n | n<<16) & 0x0000ffff0000ffff
	n = (n | n<<8) & 0x00ff00ff00ff00ff
	n = (n | n<<4) & 0x0f0f0f0f0f0f0f0f
	letters := (n + 6*each) >> 4 & each
	return n + '0'*each + letters*('a'-10-'0')
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
