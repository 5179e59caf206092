package http1

import (
	"pingap-go/message"
)

// section reads the field lines of one head. End-to-end fields go into the
// header; what concerns framing and this one connection is kept here until the
// start line's rules are applied to it.
type section struct {
	header *message.Header
	// left is how many more lines may come.
	left int

	hosts, lengths, codings, upgrades, expects int
	host, length, coding, upgrade, expect      string
	keepAlive                                  string
	// closes, keeps and switches are the connection options of that name.
	closes, keeps, switches bool
	// trailers is set by "TE: trailers".
	trailers bool
	// elements counts what stands in Connection lines, empty elements too, and
	// nominations those of them that name other fields. Such lines are still in the
	// header, for dropNominated to obey.
	elements, nominations int
}

// maxElements bounds the work of dropNominated, which looks through all elements for
// each field.
const maxElements = 64

// read takes the lines of head from at on, to its empty line.
func (s *section) read(head string, at int) Problem {
	for at < len(head) && head[at] != '\r' {
		if s.left == 0 {
			return manyFields
		}
		s.left--
		f := s.header.Next()
		next, p := fieldLine(head, at, f)
		if p != "" {
			return p
		}
		at = next
		if special.has(f.Known) && !s.take(f) {
			s.header.TakeBack()
		}
	}
	if len(head)-at != 2 || head[at:] != "\r\n" {
		return openHead
	}
	if s.elements > maxElements {
		return manyOptions
	}
	if s.nominations > 0 {
		s.dropNominated()
	}
	return ""
}
