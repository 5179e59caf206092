package route

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// part is a piece of a replacement: a text, a group of the expression, or a
// capture of the location.
type part struct {
	text    string
	group   int // > 0; group 0, the whole match, is wholeMatch
	capture string
}

// wholeMatch is "$0", told from the zero value of group.
const wholeMatch = -1

// value is the piece for one path; at is what the expression found in it.
func (p *part) value(path string, at []int, captures []Capture) string {
	switch {
	case p.group == wholeMatch:
		return path[at[0]:at[1]]
	case p.group > 0:
		if at[2*p.group] < 0 {
			return ""
		}
		return path[at[2*p.group]:at[2*p.group+1]]
	case p.capture != "":
		for _, c := range captures {
			if c.Name == p.capture {
				return c.Value
			}
		}
	}
	return p.text
}

// parseReplacement cuts a replacement into its parts and finds each group.
func parseReplacement(text string, re *regexp.Regexp, captures []string) (parts []part, err error) {
	if strings.Contains(text, "?") {
		return nil, errQuery
	}
	for text != "" {
		literal, after, found := strings.Cut(text, "$")
		if literal != "" {
			parts = append(parts, part{text: literal})
		}
		if !found {
			return parts, nil
		}
		if strings.HasPrefix(after, "$") {
			parts, text = append(parts, part{text: "$"}), after[1:]
			continue
		}
		var name string
		if name, text, err = cutReference(after); err != nil {
			return nil, err
		}
		p, err := findGroup(name, re, captures)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// cutReference takes a group's number or name, which may be in braces, off what
// follows a "$". A bare number ends at the first letter, so "$1x" is group 1
// and an "x".
func cutReference(text string) (name, rest string, err error) {
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		if name, rest, ok = strings.Cut(inner, "}"); ok && name != "" {
			return name, rest, nil
		}
		return "", "", errors.New("rewrite has \"${\" without a name and \"}\"")
	}
	end, isPart := 0, isWordByte
	if text != "" && isDigit(text[0]) {
		isPart = isDigit
	}
	for end < len(text) && isPart(text[end]) {
		end++
	}
	if end == 0 {
		return "", "", errors.New("rewrite has a \"$\" without a group; \"$$\" is a dollar")
	}
	return text[:end], text[end:], nil
}

func findGroup(name string, re *regexp.Regexp, captures []string) (part, error) {
	if n, err := strconv.Atoi(name); err == nil {
		switch {
		case n < 0 || n > re.NumSubexp():
			return part{}, fmt.Errorf("rewrite uses $%s, but the groups of its expression end at $%d", name, re.NumSubexp())
		case n == 0:
			return part{group: wholeMatch}, nil
		}
		return part{group: n}, nil
	}
	if i := re.SubexpIndex(name); i > 0 {
		return part{group: i}, nil
	}
	if slices.Contains(captures, name) {
		return part{capture: name}, nil
	}
	return part{}, fmt.Errorf("rewrite uses $%s, but no group has that name", name)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWordByte(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
}
