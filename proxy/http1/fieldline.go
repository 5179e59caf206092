package http1

import (
	"strings"

	"pingap-go/message"
)

// ghost is the Known of a field that is left out: its name spells a known one
// with "_" for "-", which many servers take for the same thing.
const ghost = message.Known(63)

// fieldLine reads the line of head that begins at at into f, which is empty, and
// says where the next one begins. A line that is to be left out has the Known
// ghost.
func fieldLine(head string, at int, f *message.Field) (next int, p Problem) {
	name, seen := head[at:], uint8(0)
	for i := range len(name) {
		c := class[name[i]]
		if c&tokenByte == 0 {
			name = name[:i]
			break
		}
		seen |= c
	}
	begin := at + len(name) + 1
	if name == "" || begin > len(head) || head[begin-1] != ':' {
		return 0, nameProblem(head, at, begin-1)
	}
	for begin < len(head) && (head[begin] == ' ' || head[begin] == '\t') {
		begin++
	}
	end := valueEnd(head, begin)
	next = end + 2
	if next > len(head) || head[end] != '\r' || head[end+1] != '\n' {
		return 0, lineEndProblem(head, end)
	}
	for end > begin && (head[end-1] == ' ' || head[end-1] == '\t') {
		end--
	}
	f.Name, f.Value, f.Checked = name, head[begin:end], true
	if seen&underscoreByte == 0 {
		f.Known = message.Lookup(name)
	} else if alias(name) {
		f.Known = ghost
	}
	return next, ""
}

// alias reports whether name would be a known one with "-" for "_".
func alias(name string) bool {
	const longest = 24
	if len(name) > longest {
		return false
	}
	var room [longest]byte
	dashed := room[:copy(room[:], name)]
	for i, c := range dashed {
		if c == '_' {
			dashed[i] = '-'
		}
	}
	return message.Lookup(string(dashed)) != message.Other
}

// nameProblem says why the name from at does not end in a colon.
func nameProblem(head string, at, end int) Problem {
	if end >= len(head) {
		return openHead
	}
	blank := head[end] == ' ' || head[end] == '\t'
	switch {
	case blank && end == at:
		return foldedLine
	case blank && strings.HasPrefix(strings.TrimLeft(head[end:], " \t"), ":"):
		return spaceInName
	case head[end] == '\r' && end > at:
		return noColon
	case head[end] == '\n':
		return bareLF
	}
	return badName
}

// lineEndProblem says why the value that breaks off at end is no good.
func lineEndProblem(head string, end int) Problem {
	switch {
	case end+1 >= len(head):
		return openHead
	case head[end] == '\n':
		return bareLF
	}
	return badValue
}
