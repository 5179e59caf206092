package route

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// HostType is how a Host is compared with a request's.
type HostType uint8

// The host types.
const (
	AnyHost      HostType = iota // every host, none too; the zero value
	ExactHost                    // that one name or address
	WildcardHost                 // every name below a domain, at any depth, not the domain itself
	RegexHost                    // what an expression finds in the name in lower case
)

// Host is one parsed alternative of a host condition. The zero Host takes all.
type Host struct {
	Type HostType
	// Text is the name in lower case, the domain behind "*.", or the source of
	// the expression.
	Text string
	// Port restricts the host to one port when it is not empty.
	Port string
	re   *regexp.Regexp
}

// ParseHosts parses alternatives: "example.com", "*.example.com", "~regexp";
// the first two may have a port. An empty list takes every host.
func ParseHosts(texts []string) ([]Host, error) {
	hosts := make([]Host, 0, len(texts))
	for _, text := range texts {
		host, err := ParseHost(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

// ParseHost parses one alternative.
func ParseHost(text string) (Host, error) {
	switch {
	case text == "*":
		return Host{}, nil
	case strings.HasPrefix(text, "~"):
		return parseHostExpression(strings.TrimSpace(text[1:]))
	case strings.HasPrefix(text, "*."):
		name, port, err := parseName(text[2:])
		return Host{Type: WildcardHost, Text: name, Port: port}, err
	}
	name, port, err := parseName(text)
	return Host{Type: ExactHost, Text: name, Port: port}, err
}

// parseHostExpression makes the expression blind to case: it is asked with names
// in lower case, whatever its author wrote.
func parseHostExpression(expression string) (Host, error) {
	if expression == "" {
		return Host{}, errors.New("the host expression is empty")
	}
	re, err := regexp.Compile("(?i)" + expression)
	if err != nil {
		return Host{}, fmt.Errorf("host expression %q: %w", expression, err)
	}
	return Host{Type: RegexHost, Text: expression, re: re}, nil
}

// parseName splits a name or address from its port and checks both.
func parseName(text string) (name, port string, err error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return addressText(ip), "", nil
	}
	name = text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		name, port = text[:i], text[i+1:]
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || port[0] == '+' {
			return "", "", fmt.Errorf("host %q: %q is not a port", text, port)
		}
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		ip, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !strings.HasSuffix(inner, "]") {
			return "", "", fmt.Errorf("host %q is not an address", text)
		}
		return addressText(ip), port, nil
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if err := checkName(name); err != nil {
		return "", "", fmt.Errorf("host %q %w", text, err)
	}
	return name, port, nil
}

// addressText is an address as it stands in an authority: IPv6 in brackets.
func addressText(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	return "[" + ip.String() + "]"
}

func checkName(name string) error {
	if name == "" || len(name) > 253 {
		return errors.New("is not a name of 1 to 253 characters")
	}
	for i := range len(name) {
		if c := name[i]; !isUnreserved(c) {
			if c == '*' {
				return errors.New("has a \"*\" that is not a leading \"*.\": use an expression, \"~^api\\..*$\"")
			}
			return fmt.Errorf("has the character %q, which host names have not", c)
		}
	}
	return nil
}

// String is the alternative as configuration writes it.
func (h Host) String() string {
	text := h.Text
	switch h.Type {
	case AnyHost:
		return "*"
	case WildcardHost:
		text = "*." + text
	case RegexHost:
		return "~" + text
	}
	if h.Port != "" {
		text += ":" + h.Port
	}
	return text
}

// Names lists the named groups of a host expression.
func (h Host) Names() []string { return groupNames(h.re) }

// priority is the host's share of a default priority: the contract's figures.
func (h *Host) priority() int {
	switch h.Type {
	case ExactHost:
		return 128
	case WildcardHost:
		return 96
	case RegexHost:
		return min(len(h.Text), 64)
	}
	return 0
}
