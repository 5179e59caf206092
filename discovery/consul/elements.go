package consul

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The buffer for an answer holds one element, and as much behind it as comes
// along. Consul bounds what one instance can say of itself far below largestElement.
const (
	elementBuffer  = 64 << 10
	largestElement = 8 << 20
)

var errList = errors.New("it is not a whole JSON list")

// elements reads a JSON list of objects and gives out the text of one after the
// other as it comes. It finds where they begin and end and leaves their insides to
// the decoder.
//
//	for e.next() {
//		text := e.object()
//	}
//	err := e.err()
type elements struct {
	in     io.Reader
	buf    []byte
	r, w   int // what is buffered and not given out
	opened bool
	ended  error // why no more can be read
	bad    error // why there are no more elements; errOver at the end of a list
}

// errOver ends a list as it should.
var errOver = errors.New("the list is over")

// next goes on to the next element. It reports false when there is none, and err says
// whether that is the end of the list.
func (e *elements) next() bool {
	if !e.opened {
		e.opened = true
		e.open()
	}
	if e.bad != nil {
		return false
	}
	switch e.skip(", \t\r\n") {
	case '{':
		return true
	case ']':
		e.r++
		e.over()
	default:
		e.fail(errList)
	}
	return false
}

// err is nil when the list was read to its end.
func (e *elements) err() error {
	if e.bad == errOver {
		return nil
	}
	return e.bad
}

// open takes what is before the first element. Consul writes null for some empty lists.
func (e *elements) open() {
	switch e.skip(" \t\r\n") {
	case '[':
		e.r++
	case 'n':
		if string(e.peek(len("null"))) != "null" {
			e.fail(errList)
			return
		}
		e.r += len("null")
		e.over()
	default:
		e.fail(errList)
	}
}

// over checks that nothing follows the list.
func (e *elements) over() {
	if e.skip(" \t\r\n") != 0 || e.ended != io.EOF {
		e.fail(errList)
		return
	}
	e.bad = errOver
}

// fail notes why there are no more elements: what ended the reading, if it was not
// the end.
func (e *elements) fail(why error) {
	if e.ended != nil && e.ended != io.EOF {
		why = e.ended
	}
	e.bad = why
}

// peek gives the next n bytes, valid until more are read; nil when there are not
// as many. n is largestElement at most.
func (e *elements) peek(n int) []byte {
	for e.w-e.r < n {
		if !e.more() {
			return nil
		}
	}
	return e.buf[e.r : e.r+n]
}

// take goes past n bytes that peek has given.
func (e *elements) take(n int) { e.r += n }

// object takes the element that begins here, whose text is valid until more is read;
// nil when it does not end, as err says.
func (e *elements) object() []byte {
	var o object
	for !o.ends(e.buf[e.r:e.w]) {
		if !e.more() {
			e.fail(errList)
			return nil
		}
	}
	text := e.buf[e.r : e.r+o.at]
	e.r += o.at
	return text
}

// skip goes on to the next byte that is none of those given, and returns it; 0 at
// the end.
func (e *elements) skip(those string) byte {
	for {
		text := bytes.TrimLeft(e.buf[e.r:e.w], those)
		e.r = e.w - len(text)
		if len(text) > 0 {
			return text[0]
		}
		if !e.more() {
			return 0
		}
	}
}

// more reads on. It reports false when there is no more, and e.ended says why.
func (e *elements) more() bool {
	if e.w == len(e.buf) {
		e.makeRoom()
	}
	for e.ended == nil {
		var n int
		n, e.ended = e.in.Read(e.buf[e.w:])
		if e.w += n; n > 0 {
			return true
		}
	}
	return false
}

// makeRoom moves what is left to the front of the buffer, and where that is all of
// it into one of twice the size.
func (e *elements) makeRoom() {
	to := e.buf
	if e.r == 0 {
		if len(e.buf) >= largestElement {
			e.ended = fmt.Errorf("an instance has more than %d bytes to say", len(e.buf))
			return
		}
		to = make([]byte, max(2*len(e.buf), elementBuffer))
	}
	e.w = copy(to, e.buf[e.r:e.w])
	e.r, e.buf = 0, to
}

// object looks for the end of a JSON object whose text comes piece by piece.
type object struct {
	at     int // bytes looked at
	depth  int
	quoted bool // at is inside a string
}

// ends reports whether text, which begins with what it was before, has all of the
// object; at is its length then. Most of an answer is strings, so it looks for
// their quotes and not at each byte.
func (o *object) ends(text []byte) bool {
	at, depth, quoted := o.at, o.depth, o.quoted
	for at < len(text) {
		if quoted {
			quote := bytes.IndexByte(text[at:], '"')
			if quote < 0 {
				at = len(text)
				break
			}
			at += quote + 1
			quoted = text[at-2] == '\\' && escaped(text[:at-1])
			continue
		}
		c := text[at]
		at++
		switch c {
		case '"':
			quoted = true
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	o.at, o.depth, o.quoted = at, depth, quoted
	return at > 0 && depth == 0
}

// escaped reports whether what follows before is escaped by its backslashes.
func escaped(before []byte) bool {
	return (len(before)-len(bytes.TrimRight(before, `\`)))%2 == 1
}
