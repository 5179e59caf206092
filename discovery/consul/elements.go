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
type elements struct {
	in   io.Reader
	buf  []byte
	r, w int // what is buffered and not given out
	err  error
}

// each calls visit with each element's text, which is valid for that call only.
// The error is visit's, the reader's or errList.
func (e *elements) each(visit func(element []byte) error) error {
	switch first := e.skip(" \t\r\n"); {
	case first == 'n':
		return e.null()
	case first != '[':
		return e.broken()
	}
	e.r++
	for {
		switch first := e.skip(", \t\r\n"); first {
		case ']':
			e.r++
			return e.over()
		case '{':
			text, err := e.object()
			if err != nil {
				return err
			}
			if err := visit(text); err != nil {
				return err
			}
		default:
			return e.broken()
		}
	}
}

// null takes what Consul writes for some empty lists.
func (e *elements) null() error {
	for e.w-e.r < len("null") && e.more() {
	}
	if !bytes.HasPrefix(e.buf[e.r:e.w], []byte("null")) {
		return e.broken()
	}
	e.r += len("null")
	return e.over()
}

// over checks that nothing follows the list.
func (e *elements) over() error {
	if e.skip(" \t\r\n") != 0 || e.err != io.EOF {
		return e.broken()
	}
	return nil
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

// object takes the object that begins here.
func (e *elements) object() ([]byte, error) {
	var o object
	for !o.ends(e.buf[e.r:e.w]) {
		if !e.more() {
			return nil, e.broken()
		}
	}
	text := e.buf[e.r : e.r+o.at]
	e.r += o.at
	return text, nil
}

// more reads on. It reports false when there is no more, and e.err says why.
func (e *elements) more() bool {
	if e.w == len(e.buf) {
		e.makeRoom()
	}
	for e.err == nil {
		var n int
		n, e.err = e.in.Read(e.buf[e.w:])
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
			e.err = fmt.Errorf("an instance has more than %d bytes to say", len(e.buf))
			return
		}
		to = make([]byte, max(2*len(e.buf), elementBuffer))
	}
	e.w = copy(to, e.buf[e.r:e.w])
	e.r, e.buf = 0, to
}

// broken is the error of a list that goes on in no way it could.
func (e *elements) broken() error {
	if e.err != nil && e.err != io.EOF {
		return e.err
	}
	return errList
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
	for o.at < len(text) {
		if o.quoted {
			quote := bytes.IndexByte(text[o.at:], '"')
			if quote < 0 {
				o.at = len(text)
				return false
			}
			o.at += quote + 1
			o.quoted = escaped(text[:o.at-1])
			continue
		}
		switch text[o.at] {
		case '"':
			o.quoted = true
		case '{':
			o.depth++
		case '}':
			o.depth--
		}
		if o.at++; o.depth == 0 {
			return true
		}
	}
	return false
}

// escaped reports whether what follows before is escaped by its backslashes.
func escaped(before []byte) bool {
	return (len(before)-len(bytes.TrimRight(before, `\`)))%2 == 1
}
