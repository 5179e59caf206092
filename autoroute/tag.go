package autoroute

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"pingap-go/route"
)

// Parser reads tags. The zero Parser takes every tag that fabio would take with
// an empty prefix; set Prefix.
type Parser struct {
	// Prefix begins the tags that are routes: "urlprefix-".
	Prefix string
	// Datacenter is what $DC stands for; "" = not known, which is an error where
	// it is used.
	Datacenter string
}

// Tag is one tag that is a route: which requests, and what to do with them.
type Tag struct {
	// Text is the tag as it is registered.
	Text string
	// Host and Path are what it takes; Key names the two together.
	Host route.Host
	Path route.Path
	Key  string
	// Weight is the share of the route's traffic that this instance takes;
	// 0 = an equal part of what the others leave.
	Weight float64
	// Options are shared by tags that say the same, and never written to.
	Options *Options
}

// IsRoute reports whether a tag is meant for us.
func (p *Parser) IsRoute(tag string) bool {
	return strings.HasPrefix(strings.TrimSpace(tag), p.Prefix)
}

// Parse reads one tag that IsRoute. The error is a sentence that says what is
// wrong with it, or which option cannot be honoured and why.
func (p *Parser) Parse(text string) (Tag, error) {
	words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(text), p.Prefix))
	if len(words) == 0 {
		return Tag{}, errors.New("the tag names no host and no path")
	}
	t := Tag{Text: text, Options: new(Options)}
	if err := t.parseRoute(p, words[0]); err != nil {
		return Tag{}, err
	}
	return t, t.parseOptions(words[1:])
}

// parseRoute reads "host/path", "/path" or "host". A host stands for all of its
// paths.
func (t *Tag) parseRoute(p *Parser, text string) error {
	if strings.HasPrefix(text, ":") {
		return fmt.Errorf("%q is a TCP route on a port of its own: %w", text, errOpensPort)
	}
	text, err := p.expand(text)
	if err != nil {
		return err
	}
	host, path := text, "/"
	if i := strings.IndexByte(text, '/'); i >= 0 {
		host, path = text[:i], text[i:]
	}
	if t.Host, err = parseHost(host); err != nil {
		return err
	}
	if t.Path, err = route.ParsePath("starts_with", path); err != nil {
		return err
	}
	t.Key = t.Path.Text
	if t.Host.Type != route.AnyHost {
		t.Key = t.Host.String() + t.Path.Text
	}
	return nil
}

// expand puts in the datacenter. Other variables have no value in fabio, which
// makes another route of the tag than its author meant.
func (p *Parser) expand(text string) (string, error) {
	var err error
	expanded := os.Expand(text, func(name string) string {
		switch {
		case name != "DC":
			err = fmt.Errorf("$%s has no value: only $DC has", name)
		case p.Datacenter == "":
			err = errors.New("$DC is not known: set consul.datacenter, or let the token read the agent")
		}
		return p.Datacenter
	})
	return expanded, err
}

// parseHost reads a host with fabio's wildcards. What our own hosts can say
// stays what it is; any other pattern becomes an expression.
func parseHost(text string) (route.Host, error) {
	rest, _ := strings.CutPrefix(text, "*.")
	switch {
	case text == "" || text == "*":
		return route.Host{}, nil
	case !strings.ContainsAny(rest, "*?[]{}"):
		return route.ParseHost(text)
	}
	return route.ParseHost("~^" + globExpression(strings.ToLower(text)) + "$")
}

// globExpression turns a glob into a regular expression: "*" is any text, "?"
// any character, "[a-c]" one of these, "{a,b}" one of these words.
func globExpression(glob string) string {
	var b strings.Builder
	words := 0 // open braces
	for _, c := range glob {
		switch {
		case c == '*':
			b.WriteString(".*")
		case c == '?':
			b.WriteByte('.')
		case c == '{':
			words++
			b.WriteString("(?:")
		case c == '}' && words > 0:
			words--
			b.WriteByte(')')
		case c == ',' && words > 0:
			b.WriteByte('|')
		case strings.ContainsRune(`.+()|^$\`, c):
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
