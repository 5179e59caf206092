package route

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// PathType is how a Path is compared with a request's.
type PathType uint8

// The path types.
const (
	// AnyPath takes every path, the "*" of OPTIONS too. It is the zero value.
	AnyPath PathType = iota
	// Prefix takes whole segments: "/api" takes "/api" and "/api/x" but not
	// "/apix"; "/api/" takes "/api/" and "/api/x" but not "/api".
	Prefix
	// Exact takes that one path.
	Exact
	// Regex takes what a regular expression finds anywhere in the path.
	Regex
	// StartsWith takes every path that begins with the text, in the middle of
	// a segment too. It is fabio's rule, for automatic routes.
	StartsWith
)

var pathTypes = [...]string{AnyPath: "any", Prefix: "prefix", Exact: "exact", Regex: "regex", StartsWith: "starts_with"}

// String is the name that configuration uses.
func (t PathType) String() string { return pathTypes[t] }

// Path is a parsed path condition. The zero Path takes every path.
type Path struct {
	Type PathType
	// Text is the path in normal form, or the source of the expression.
	Text string
	re   *regexp.Regexp
	// key is where the path hangs in the tree: a text with which every path
	// that it takes begins.
	key string
}

// ParsePath parses a path of the named type, "" meaning prefix. The texts ""
// and "/" as a prefix take every path.
func ParsePath(pathType, text string) (Path, error) {
	switch pathType {
	case "", "prefix":
		return parsePrefix(Prefix, text)
	case "starts_with":
		return parsePrefix(StartsWith, text)
	case "exact":
		if !strings.HasPrefix(text, "/") {
			return Path{}, fmt.Errorf("path %q does not begin with \"/\"", text)
		}
		text = Normalize(text)
		return Path{Type: Exact, Text: text, key: text}, nil
	case "regex":
		return parseExpression(text)
	}
	return Path{}, fmt.Errorf("path type %q is none of prefix, exact, regex", pathType)
}

func parsePrefix(t PathType, text string) (Path, error) {
	if text == "" || text == "/" {
		return Path{Text: text}, nil
	}
	if text[0] != '/' {
		return Path{}, fmt.Errorf("path %q does not begin with \"/\"", text)
	}
	text = Normalize(text)
	if t == StartsWith {
		return Path{Type: t, Text: text, key: text}, nil
	}
	return Path{Type: t, Text: text, key: strings.TrimSuffix(text, "/")}, nil
}

func parseExpression(text string) (Path, error) {
	if text == "" {
		return Path{}, errors.New("the path expression is empty")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return Path{}, fmt.Errorf("path expression %q: %w", text, err)
	}
	return Path{Type: Regex, Text: text, re: re, key: literalStart(text)}, nil
}

// Names lists the named groups of a path expression.
func (p Path) Names() []string { return groupNames(p.re) }

// String reads "prefix /api".
func (p Path) String() string { return strings.TrimSpace(p.Type.String() + " " + p.Text) }

// priority is the path's share of a default priority: the contract's figures.
func (p *Path) priority() int {
	length := min(len(p.Text), 64)
	switch p.Type {
	case Exact:
		return 1024 + length
	case Prefix, StartsWith:
		return 512 + length
	case Regex:
		return 256 + length
	}
	return 0
}

// literalStart is the text with which every match of an expression begins, for
// one that is anchored with "^"; otherwise "".
func literalStart(expression string) string {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat || len(tree.Sub) < 2 {
		return ""
	}
	anchor, literal := tree.Sub[0], tree.Sub[1]
	if anchor.Op != syntax.OpBeginText || literal.Op != syntax.OpLiteral || literal.Flags&syntax.FoldCase != 0 {
		return ""
	}
	return string(literal.Rune)
}

// groupNames lists the named groups of re, which may be nil.
func groupNames(re *regexp.Regexp) (names []string) {
	if re == nil {
		return nil
	}
	for _, name := range re.SubexpNames() {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}
