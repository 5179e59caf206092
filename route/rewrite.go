package route

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Rewrite changes the path of a request on its way to the upstream; the query
// stays. The zero Rewrite changes nothing. It is immutable.
type Rewrite struct {
	// Exactly one of these is in force.
	prefix     *prefixRewrite
	expression *expressionRewrite
}

// ParseRewrite parses the rewrite key of a location whose path and hosts are
// given, in one of two forms.
//
// One word replaces what the location's path matched: with path "/api" and
// rewrite "/", "/api/users" becomes "/users"; an exact path and an expression's
// are replaced as a whole.
//
// Two words are an expression and the replacement of the first piece of the
// path that it finds; a path in which it finds nothing stays as it is.
//
// In a replacement "$1", "${1}", "$name" and "${name}" are groups, "$$" is a
// dollar. Names are those of the rewrite's own expression, then the location's
// captures; a number counts in the rewrite's expression, or, with one word, in
// the location's. A group that does not exist is an error.
func ParseRewrite(text string, path Path, hosts []Host) (*Rewrite, error) {
	words := strings.Fields(text)
	captures := path.Names()
	for _, h := range hosts {
		captures = append(captures, h.Names()...)
	}
	switch {
	case len(words) == 0:
		return &Rewrite{}, nil
	case len(words) > 2:
		return nil, fmt.Errorf("rewrite %q has %d words: want a path, or an expression and its replacement", text, len(words))
	case len(words) == 2:
		re, err := regexp.Compile(words[0])
		if err != nil {
			return nil, fmt.Errorf("rewrite expression %q: %w", words[0], err)
		}
		return newExpressionRewrite(re, words[1], captures, false)
	case words[0][0] != '/' && words[0][0] != '$':
		return nil, fmt.Errorf("rewrite %q does not begin with \"/\"", text)
	case strings.Contains(words[0], "?"):
		return nil, errQuery
	case path.Type == Regex:
		return newExpressionRewrite(path.re, words[0], captures, true)
	case strings.Contains(words[0], "$"):
		return newExpressionRewrite(pathExpression(path), strings.TrimSuffix(words[0], "/"), captures, false)
	}
	return &Rewrite{prefix: newPrefixRewrite(path.Text, words[0])}, nil
}

var errQuery = errors.New("rewrite has a \"?\": it changes the path only, the query is kept")

// pathExpression is an expression for what an exact path or a prefix takes.
func pathExpression(path Path) *regexp.Regexp {
	expression := "^" + regexp.QuoteMeta(strings.TrimSuffix(path.Text, "/"))
	if path.Type == Exact {
		expression = "^" + regexp.QuoteMeta(path.Text) + "$"
	}
	return regexp.MustCompile(expression)
}

// NewStrip makes the rewrite of fabio's options: strip is taken off the front
// of a path that begins with it, then prepend is put there. Either may be empty.
func NewStrip(strip, prepend string) *Rewrite {
	if strip == "" && prepend == "" {
		return &Rewrite{}
	}
	return &Rewrite{prefix: &prefixRewrite{old: strip, new: strings.TrimSuffix(prepend, "/"), always: true}}
}

// Apply returns the new path, in normal form. captures are those of the match.
// Taking a prefix off does not allocate.
func (r *Rewrite) Apply(path string, captures []Capture) string {
	switch {
	case r == nil || path == "*":
		return path
	case r.prefix != nil:
		return r.prefix.apply(path)
	case r.expression != nil:
		return r.expression.apply(path, captures)
	}
	return path
}

// prefixRewrite puts new in the place of old.
type prefixRewrite struct {
	old string
	new string // without a "/" at the end
	// bare is the result when nothing follows old.
	bare string
	// always says that new goes in front of paths without old too.
	always bool
}

func newPrefixRewrite(old, new string) *prefixRewrite {
	new = Normalize(new)
	return &prefixRewrite{old: strings.TrimSuffix(old, "/"), new: strings.TrimSuffix(new, "/"), bare: new}
}

func (p *prefixRewrite) apply(path string) string {
	rest, found := strings.CutPrefix(path, p.old)
	switch {
	case !found && !p.always:
		return path
	case rest == "" && p.bare != "":
		return p.bare
	case p.new == "" && strings.HasPrefix(rest, "/"):
		return rest
	case strings.HasPrefix(rest, "/"):
		return Normalize(p.new + rest)
	}
	return Normalize(p.new + "/" + rest)
}

// expressionRewrite puts a replacement in the place of what an expression finds.
type expressionRewrite struct {
	re *regexp.Regexp
	// whole says that the replacement is the whole path.
	whole bool
	parts []part
}

func newExpressionRewrite(re *regexp.Regexp, replacement string, captures []string, whole bool) (*Rewrite, error) {
	parts, err := parseReplacement(replacement, re, captures)
	if err != nil {
		return nil, err
	}
	return &Rewrite{expression: &expressionRewrite{re: re, whole: whole, parts: parts}}, nil
}

func (x *expressionRewrite) apply(path string, captures []Capture) string {
	at := x.re.FindStringSubmatchIndex(path)
	if at == nil {
		return path
	}
	var b strings.Builder
	b.Grow(len(path) + 32)
	if !x.whole {
		b.WriteString(path[:at[0]])
	}
	for _, p := range x.parts {
		b.WriteString(p.value(path, at, captures))
	}
	if !x.whole {
		b.WriteString(path[at[1]:])
	}
	return Normalize(b.String())
}
