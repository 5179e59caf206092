package config

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// The TOML library says where a syntax error is, but not where the keys of a
// valid text are. indexText reads a text that the library has accepted and
// notes the place of every table, key and array element. It knows just enough of
// TOML for that: keys, and how to find the end of a value.

// indexText notes where the keys of a valid TOML text stand. A text that is not
// valid gives some positions or none, and never a panic.
func indexText(file, text string) positions {
	ix := &indexer{file: file, text: text, lines: lineStarts(text), found: positions{}, counts: map[string]int{}}
	ix.document()
	return ix.found
}

type indexer struct {
	file, text string
	pos        int // offset of the next byte to read
	lines      lines
	counts     map[string]int // by path: tables seen of each array of tables
	found      positions
}

// document reads headers and key-value pairs to the end of the text.
func (ix *indexer) document() {
	var table path
	for {
		ix.skip(" \t\r\n")
		switch {
		case ix.pos >= len(ix.text):
			return
		case ix.peek() == '[':
			table = ix.header()
		default:
			start := ix.pos
			ix.pair(table)
			if ix.pos == start {
				return // not valid TOML
			}
		}
	}
}

// header reads "[a.b]" or "[[a.b]]" and returns the path of the table it opens.
func (ix *indexer) header() path {
	start, array := ix.pos, strings.HasPrefix(ix.text[ix.pos:], "[[")
	ix.skip("[")
	names := ix.key()
	ix.skip(" \t]")
	at := path{}
	for i, name := range names {
		at = at.to(name)
		n := ix.counts[at.id()]
		last := i == len(names)-1
		if last && array {
			ix.note(at, start)
			ix.counts[at.id()] = n + 1
			at = at.to(element(n))
		} else if n > 0 {
			at = at.to(element(n - 1))
		}
		ix.note(at, start)
	}
	return at
}

// pair reads "key = value" inside of table.
func (ix *indexer) pair(table path) {
	start := ix.pos
	at := table
	for _, name := range ix.key() {
		at = at.to(name)
		ix.note(at, start)
	}
	ix.skip(" \t=")
	ix.value(at)
}

// key reads a dotted key, quotes undone.
func (ix *indexer) key() []string {
	var names []string
	for {
		ix.skip(" \t")
		if c := ix.peek(); c == '"' || c == '\'' {
			names = append(names, unquote(ix.stringToken()))
		} else {
			start := ix.pos
			ix.skipAll(bareKey)
			names = append(names, ix.text[start:ix.pos])
		}
		ix.skip(" \t")
		if ix.peek() != '.' {
			return names
		}
		ix.pos++
	}
}

// value reads over one value and notes what is inside of it.
func (ix *indexer) value(at path) {
	switch ix.peek() {
	case '"', '\'':
		ix.stringToken()
	case '[':
		ix.array(at)
	case '{':
		ix.inlineTable(at)
	default:
		for !strings.ContainsRune(",]}#\n\x00", rune(ix.peek())) {
			ix.pos++
		}
	}
}

func (ix *indexer) array(at path) {
	ix.pos++
	for i := 0; ; i++ {
		ix.skip(" \t\r\n,")
		if ix.peek() == ']' || ix.pos >= len(ix.text) {
			ix.pos++
			return
		}
		start := ix.pos
		ix.note(at.to(element(i)), start)
		ix.value(at.to(element(i)))
		if ix.pos == start {
			return // not valid TOML
		}
	}
}

func (ix *indexer) inlineTable(at path) {
	ix.pos++
	for {
		ix.skip(" \t\r\n,")
		if ix.peek() == '}' || ix.pos >= len(ix.text) {
			ix.pos++
			return
		}
		start := ix.pos
		ix.pair(at)
		if ix.pos == start {
			return // not valid TOML
		}
	}
}

// peek is the next byte, 0 at the end.
func (ix *indexer) peek() byte {
	if ix.pos >= len(ix.text) {
		return 0
	}
	return ix.text[ix.pos]
}

// skipAll passes over characters of set.
func (ix *indexer) skipAll(set string) {
	for ix.pos < len(ix.text) && strings.IndexByte(set, ix.text[ix.pos]) >= 0 {
		ix.pos++
	}
}

// skip passes over characters of set, and over comments where set spans lines.
func (ix *indexer) skip(set string) {
	ix.skipAll(set)
	for strings.Contains(set, "\n") && ix.peek() == '#' {
		ix.skipComment()
		ix.skipAll(set)
	}
}

func (ix *indexer) skipComment() {
	if end := strings.IndexByte(ix.text[ix.pos:], '\n'); end >= 0 {
		ix.pos += end
		return
	}
	ix.pos = len(ix.text)
}

// note records the place of a path.
func (ix *indexer) note(at path, offset int) {
	line, col := ix.lines.at(ix.text, offset)
	ix.found.add(at, place{file: ix.file, line: line, col: col, key: at.String()})
}

// lines are the offsets where the second and later lines of a text begin.
type lines []int

func lineStarts(text string) lines {
	var starts lines
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// at turns an offset into a line and a column in characters, both from 1.
func (ls lines) at(text string, offset int) (line, col int) {
	offset = max(0, min(offset, len(text)))
	line = sort.SearchInts(ls, offset+1)
	start := 0
	if line > 0 {
		start = ls[line-1]
	}
	return line + 1, utf8.RuneCountInString(text[start:offset]) + 1
}
