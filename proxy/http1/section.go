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
	// nominations counts the other fields that Connection lines name. Those lines
	// are still in the header, for dropNominated to obey.
	nominations int
}

// maxNominations bounds the work of dropNominated.
const maxNominations = 64

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
	if s.nominations > maxNominations {
		return manyNominations
	}
	if s.nominations > 0 {
		s.dropNominated()
	}
	return ""
}
