package config

import (
	"fmt"
	"slices"
	"strings"
)

// framing are the headers that belong to a connection or to the framing of a
// message. The proxy makes them itself.
var framing = []string{
	"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}

// checkHeaderRules checks the six lists of header rules of a location.
func (b *binder) checkHeaderRules(p path, l *Location) {
	for key, rules := range map[string][]string{
		"headers_add": l.HeadersAdd, "headers_set": l.HeadersSet,
		"response_headers_add": l.ResponseHeadersAdd, "response_headers_set": l.ResponseHeadersSet,
	} {
		for i, rule := range rules {
			b.checkHeaderRule(p.to(key, element(i)), rule)
		}
	}
	for key, names := range map[string][]string{
		"headers_remove": l.HeadersRemove, "response_headers_remove": l.ResponseHeadersRemove,
	} {
		for i, name := range names {
			b.checkHeaderName(p.to(key, element(i)), name)
		}
	}
}

// checkHeaderRule checks one "Name: value".
func (b *binder) checkHeaderRule(at path, rule string) {
	name, value, ok := strings.Cut(rule, ":")
	if !ok {
		b.report(at, fmt.Sprintf("%q is not \"Name: value\"", rule), "")
		return
	}
	b.checkHeaderName(at, name)
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		b.report(at, fmt.Sprintf("the value of %q holds a control character", name), "")
	}
}

func (b *binder) checkHeaderName(at path, name string) {
	switch {
	case !isToken(name):
		b.report(at, fmt.Sprintf("%q is not the name of a header", name), "")
	case slices.Contains(framing, strings.ToLower(name)):
		b.report(at, fmt.Sprintf("%s is made by the proxy itself and cannot be changed", name), "")
	}
}

// isToken reports whether text is a token of RFC 9110, section 5.6.2.
func isToken(text string) bool {
	return text != "" && strings.Trim(text, bareKey+"!#$%&'*+.^`|~") == ""
}
