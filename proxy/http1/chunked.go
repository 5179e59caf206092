package http1

import (
	"pingap-go/message"
)

// Bounds of a chunked body. Data is bounded by the caller.
const (
	maxChunkDigits    = 15
	maxExtensionBytes = 256
	maxExcessBytes    = 16 << 10
	maxTrailerBytes   = 8 << 10
	maxTrailerFields  = 64
)

// chunkState is what the decoder expects next.
type chunkState uint8

const (
	inSize chunkState = iota
	inExtension
	inQuotes
	afterBackslash
	afterSizeCR
	inData
	afterData
	afterDataCR
	inTrailer
	finished
	broken
)

// Chunked takes the chunks off a body (RFC 9112 section 7.1), piece by piece as
// it arrives. Chunk extensions are dropped. The zero value is ready.
//
//	for n := 0; !d.Done() && len(in) > 0; in = in[n:] {
//		data, n, err = d.Decode(in)
//		...
//	}
type Chunked struct {
	state  chunkState
	digits uint8
	// left is the size of the chunk, then what is still to come of its data.
	left int64
	// extension counts the bytes of this chunk's extension, of which previous was
	// the last that is no white space.
	extension int
	previous  byte
	// excess counts the bytes around chunks that are out of proportion.
	excess  int64
	problem Problem
	// trailer is the trailer section so far.
	trailer []byte
}

// Reset makes the decoder ready for the next body.
func (d *Chunked) Reset() { *d = Chunked{} }

// Done reports whether the last chunk and the trailer section were read.
func (d *Chunked) Done() bool { return d.state == finished }

// Decode reads up to the end of the next piece of data, or of src, or of the
// body: n bytes of src are used up, and data, which may be empty, is a view of
// src. Bytes after the body are left. The error is a Problem and stays.
func (d *Chunked) Decode(src []byte) (data []byte, n int, err error) {
	for n < len(src) && d.state < finished {
		if d.state == inData {
			size := int(min(d.left, int64(len(src)-n)))
			data = src[n : n+size]
			if d.left -= int64(size); d.left == 0 {
				d.state = afterData
			}
			return data, n + size, nil
		}
		used, p := 1, Problem("")
		if d.state == inTrailer {
			used, p = d.trailerLine(src[n:])
		} else {
			p = d.step(src[n])
		}
		n += used
		if p != "" {
			d.state, d.problem = broken, p
		}
	}
	if d.state == broken {
		return nil, n, d.problem
	}
	return nil, n, nil
}

// step takes one byte of what stands around the data.
func (d *Chunked) step(c byte) Problem {
	switch d.state {
	case inSize:
		return d.size(c)
	case inExtension, inQuotes, afterBackslash:
		return d.extend(c)
	case afterSizeCR:
		if c != '\n' {
			return badChunkLine
		}
		return d.begin()
	case afterData:
		if c != '\r' {
			return badChunkEnd
		}
		d.state = afterDataCR
	case afterDataCR:
		if c != '\n' {
			return badChunkEnd
		}
		d.state, d.left, d.digits, d.extension = inSize, 0, 0, 0
	}
	return ""
}

// size takes a digit of the chunk size, or what ends it.
func (d *Chunked) size(c byte) Problem {
	switch {
	case isHex(c):
		if d.digits == maxChunkDigits {
			return badChunkSize
		}
		d.digits++
		d.left = d.left<<4 | int64(unhex(c))
	case d.digits == 0:
		return badChunkSize
	case c == '\r':
		d.state = afterSizeCR
	case c == ';':
		d.state, d.previous = inExtension, ';'
	default:
		return badChunkSize
	}
	return ""
}

// extend takes a byte of the extension. Quotes are followed, so that no line
// ends for us where it goes on for somebody else.
func (d *Chunked) extend(c byte) Problem {
	if d.extension++; d.extension > maxExtensionBytes {
		return longExtension
	}
	if class[c]&valueByte == 0 && c != '\r' || c >= 0x80 {
		return badChunkLine
	}
	switch d.state {
	case afterBackslash:
		d.state = inQuotes
	case inQuotes:
		if c == '\\' {
			d.state = afterBackslash
		} else if c == '"' {
			d.state = inExtension
		}
	case inExtension:
		return d.extendBare(c)
	}
	if c == '\r' {
		return badChunkLine
	}
	return ""
}

// extendBare is extend outside of quotes: names, each with a token or a quoted
// string as value or without one, each after a semicolon.
func (d *Chunked) extendBare(c byte) Problem {
	before := d.previous
	switch {
	case c == ' ' || c == '\t':
		return ""
	case c == '"' && before == '=':
		d.state = inQuotes
	case c == ';' || c == '\r':
		if before == ';' || before == '=' {
			return badChunkLine
		}
		if c == '\r' {
			d.state = afterSizeCR
		}
	case before == '"', c == '=' && before == ';', c != '=' && class[c]&tokenByte == 0:
		return badChunkLine
	}
	d.previous = c
	return ""
}

// begin follows the chunk line. A chunk may cost 16 bytes and twice its data
// before what is more counts as excess.
func (d *Chunked) begin() Problem {
	line := int64(d.digits) + int64(d.extension) + 4
	if d.excess = max(0, d.excess+line-16-2*d.left); d.excess > maxExcessBytes {
		return chunkOverhead
	}
	if d.left == 0 {
		d.state = inTrailer
	} else {
		d.state = inData
	}
	return ""
}

// Trailer adds the trailer fields of a body that is Done to h, without those
// that a trailer cannot hold. It allocates only when there are any.
func (d *Chunked) Trailer(h *message.Header) error {
	if d.state != finished {
		return unfinishedChunk
	}
	if len(d.trailer) <= len("\r\n") {
		return nil
	}
	if p := parseTrailer(string(d.trailer), h); p != "" {
		return p
	}
	return nil
}
