package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pingap-go/internal/nearest"
)

// Template is a header value with variables in it, parsed once. The zero
// Template is the empty text. It is immutable.
//
// A variable is "$name", as long as letters, digits and "_" go on, or "${name}"
// where more of them follow; "$$" is a dollar, and so is a "$" before anything
// that cannot begin a name. docs/routing.md lists the variables.
type Template struct {
	parts []piece
}

// piece is a text or a variable.
type piece struct {
	literal  string
	variable *variable // nil for a text
	argument string    // of "http_NAME" and its like: the NAME
}

// ParseTemplate parses text. captures are the named groups that the location
// has; every other unknown name is an error, with the nearest known one.
func ParseTemplate(text string, captures ...string) (Template, error) {
	var t Template
	for text != "" {
		literal, after, found := strings.Cut(text, "$")
		t.literal(literal)
		if !found {
			break
		}
		name, rest, err := cutName(after)
		if err != nil {
			return Template{}, err
		}
		if text = rest; name == "" {
			t.literal("$")
			continue
		}
		v, argument, err := findVariable(name, captures)
		if err != nil {
			return Template{}, err
		}
		t.parts = append(t.parts, piece{variable: v, argument: argument})
	}
	return t, nil
}

// literal appends a text to the parts.
func (t *Template) literal(text string) {
	if text == "" {
		return
	}
	if n := len(t.parts); n > 0 && t.parts[n-1].variable == nil {
		t.parts[n-1].literal += text
		return
	}
	t.parts = append(t.parts, piece{literal: text})
}

// cutName takes a variable's name off what follows a "$". An empty name stands
// for a dollar.
func cutName(text string) (name, rest string, err error) {
	switch {
	case strings.HasPrefix(text, "$"):
		return "", text[1:], nil
	case strings.HasPrefix(text, "{"):
		name, rest, found := strings.Cut(text[1:], "}")
		if !found || name == "" {
			return "", "", errors.New("\"${\" without a name and \"}\"; \"$$\" is a dollar")
		}
		return name, rest, nil
	}
	end := 0
	for end < len(text) && isNameByte(text[end]) {
		end++
	}
	return text[:end], text[end:], nil
}

func isNameByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_'
}

func findVariable(name string, captures []string) (*variable, string, error) {
	if v, ok := variables[name]; ok {
		return v, "", nil
	}
	if slices.Contains(captures, name) {
		return captured, name, nil
	}
	if family, argument, ok := strings.Cut(name, "_"); ok && argument != "" {
		if v, ok := families[family]; ok {
			return v, v.spelling(argument), nil
		}
	}
	known := append(slices.Sorted(variableNames()), captures...)
	if near := nearest.Name(name, known); near != "" {
		return nil, "", fmt.Errorf("unknown variable $%s (did you mean $%s?)", name, near)
	}
	if name[0] >= 'A' && name[0] <= 'Z' {
		return nil, "", fmt.Errorf("unknown variable $%s; ${%s}, in braces, is the environment's", name, name)
	}
	return nil, "", fmt.Errorf("unknown variable $%s; \"$$\" is a dollar", name)
}

// mentions reports whether the template speaks of a variable.
func (t Template) mentions(name string) bool {
	v := variables[name]
	return slices.ContainsFunc(t.parts, func(p piece) bool { return p.variable == v && v != nil })
}

// Constant reports whether the template has no variables.
func (t Template) Constant() bool {
	return len(t.parts) == 0 || len(t.parts) == 1 && t.parts[0].variable == nil
}

// Append adds the text for ex to dst. It may be called by many at once, for
// different exchanges.
func (t Template) Append(dst []byte, ex *Exchange) []byte {
	for i := range t.parts {
		if p := &t.parts[i]; p.variable == nil {
			dst = append(dst, p.literal...)
		} else {
			dst = p.variable.append(dst, ex, p.argument)
		}
	}
	return dst
}

// String is the text for ex. A constant and a lone variable that is a string
// already do not allocate; anything else does once.
func (t Template) String(ex *Exchange) string {
	if len(t.parts) == 0 {
		return ""
	}
	if p := &t.parts[0]; len(t.parts) == 1 {
		if p.variable == nil {
			return p.literal
		}
		if p.variable.text != nil {
			return p.variable.text(ex, p.argument)
		}
	}
	var room [256]byte
	return string(t.Append(room[:0], ex))
}
