package http1

import "math/bits"

// What a byte may be part of. One look into the table answers all questions.
const (
	tokenByte      uint8 = 1 << iota // tchar, RFC 9110 section 5.6.2
	underscoreByte                   // "_", which some servers read as "-"
	targetByte                       // visible ASCII without "#" and "\"
	hostByte                         // letters, digits, "-", "." and "_"
	unreservedByte                   // RFC 3986 section 2.3
	upperHexByte                     // digits and A-F
	lowerHexByte                     // a-f
	valueByte                        // field-vchar, SP and HTAB, RFC 9110 section 5.5
)

// class is indexed by byte.
var class = classes()

func classes() (t [256]uint8) {
	mark := func(bytes string, is uint8) {
		for i := range len(bytes) {
			t[bytes[i]] |= is
		}
	}
	const digits = "0123456789"
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	mark(digits+letters, tokenByte|hostByte|unreservedByte)
	mark("!#$%&'*+-.^_`|~", tokenByte)
	mark("-._", hostByte)
	mark("-._~", unreservedByte)
	mark("_", underscoreByte)
	mark(digits+"ABCDEF", upperHexByte)
	mark("abcdef", lowerHexByte)
	mark("\t ", valueByte)
	for c := 0x21; c < 0x100; c++ {
		if c == 0x7f {
			continue
		}
		t[c] |= valueByte
		if c < 0x7f && c != '#' && c != '\\' {
			t[c] |= targetByte
		}
	}
	return t
}

// span is the index of the first byte at or after i that is not of the class.
func span(s string, i int, is uint8) int {
	for i < len(s) && class[s[i]]&is != 0 {
		i++
	}
	return i
}

// only reports whether s is not empty and all of the class.
func only(s string, is uint8) bool { return s != "" && span(s, 0, is) == len(s) }

// Each of these has the same byte eight times.
const (
	ones   = 0x0101010101010101
	spaces = 0x20 * ones
	highs  = 0x80 * ones
)

// valueEnd is the index of the first byte at or after i that a field value
// cannot hold: a control character other than HTAB. It looks at eight bytes at
// a time: subtracting 0x20 sets the high bit of a byte below that, adding one
// that of 0x7f. Carries may mark an innocent byte, and so may HTAB, which the
// table tells apart.
func valueEnd(s string, i int) int {
	for i+8 <= len(s) {
		w := load(s, i)
		suspects := ((w - spaces) | (w + ones)) &^ w & highs
		if suspects == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(suspects) / 8
		if class[s[i]]&valueByte == 0 {
			return i
		}
		i++
	}
	return span(s, i, valueByte)
}

// load reads the eight bytes at i, of which there must be that many. The
// compiler makes one load of it.
func load(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// trim removes spaces and tabs at both ends.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
