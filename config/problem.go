package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in the configuration.
type Problem struct {
	// File is the file as Load was given it, or the name given to Parse.
	File string
	// Line and Col count from 1, Col in characters. Both are 0 when the problem
	// has no place, as a section that is not there.
	Line, Col int
	// Key is the key as it was written, such as "locations.api.path"; empty for
	// a syntax error.
	Key string
	// Text says what is wrong, without the key.
	Text string
	// Hint is the nearest name that would have been right, or empty.
	Hint string
}

// String is the problem as one line:
//
//	file:line:col: key: what is wrong (did you mean "…"?)
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		fmt.Fprintf(&b, " (did you mean %q?)", p.Hint)
	}
	return b.String()
}

// Error is String, so that one Problem can be an error by itself.
func (p Problem) Error() string { return p.String() }

// Problems is everything that is wrong, in the order of the files. It is never
// empty where it stands as an error.
type Problems []Problem

// Error is one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// with adds those of more that stand where nothing is reported yet.
func (ps Problems) with(more Problems) Problems {
	type place struct {
		file      string
		line, col int
	}
	taken := map[place]bool{}
	for _, p := range ps {
		taken[place{p.File, p.Line, p.Col}] = true
	}
	for _, p := range more {
		if !taken[place{p.File, p.Line, p.Col}] {
			ps = append(ps, p)
		}
	}
	return ps
}

// asError is nil when nothing is wrong, and otherwise the problems in order.
func (ps Problems) asError() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Text, b.Text))
	})
	return ps
}
