package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// path leads to a key: its names from the root, and element(i) for the elements
// of arrays.
type path []string

// element is the step of a path into an array.
func element(i int) string { return fmt.Sprintf("[%d]", i) }

// to is the path with more steps at its end; it shares nothing with p.
func (p path) to(steps ...string) path { return slices.Concat(p, steps) }

// id is the path as a map key.
func (p path) id() string { return strings.Join(p, "\x00") }

// String is the path as people write it. An element at the end is left out: the
// position shows which one it is.
func (p path) String() string {
	for len(p) > 0 && strings.HasPrefix(p[len(p)-1], "[") {
		p = p[:len(p)-1]
	}
	var b strings.Builder
	for i, step := range p {
		if i > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		if strings.Trim(step, bareKey) != "" && !strings.HasPrefix(step, "[") {
			step = strconv.Quote(step)
		}
		b.WriteString(step)
	}
	return b.String()
}

// bareKey are the characters of a key that needs no quotes.
const bareKey = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// place is where a key stands.
type place struct {
	file      string
	line, col int
	key       string // the key as written, which may be another spelling of ours
}

// positions knows where each key and each element of an array stands.
type positions map[string]place

// has reports whether the key was written.
func (ps positions) has(p path) bool {
	_, ok := ps[p.id()]
	return ok
}

// add records a place; the first one of a key stays.
func (ps positions) add(p path, at place) {
	if id := p.id(); ps[id] == (place{}) {
		ps[id] = at
	}
}

// find is the place of a key, or of the nearest table around it when the key
// itself was not written. Its key names p in any case.
func (ps positions) find(p path) place {
	for n := len(p); n > 0; n-- {
		at, ok := ps[p[:n].id()]
		if !ok {
			continue
		}
		if rest := p[n:].String(); rest != "" {
			at.key += "." + rest
		}
		return at
	}
	return place{key: p.String()}
}

// problem makes a Problem at the place of p.
func (ps positions) problem(p path, text, hint string) Problem {
	at := ps.find(p)
	return Problem{File: at.file, Line: at.line, Col: at.col, Key: at.key, Text: text, Hint: hint}
}
