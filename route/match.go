package route

import (
	"regexp"
	"strings"
)

// Capture is one named group of a host or path expression that matched.
type Capture struct{ Name, Value string }

// Match is room for the answer of Table.Match besides the target. A connection
// keeps one and uses it for all its requests; the zero value is ready.
type Match struct {
	// Captures are the named groups of the chosen route, the host's first. The
	// slice is reused by the next Match, its strings may be kept.
	Captures []Capture
	// folded is the lower case of sent, the last host that was not normal.
	sent, folded string
}

// normalHost gives a host the form in which tables hold them: lower case, no dot
// at the end. Clients repeat themselves, so the last result is remembered.
func (m *Match) normalHost(host string) string {
	if host == "" {
		return ""
	}
	if host[len(host)-1] == '.' {
		host = host[:len(host)-1]
	}
	for i := range len(host) {
		if c := host[i]; 'A' <= c && c <= 'Z' {
			if m.sent != host {
				m.sent, m.folded = host, strings.ToLower(host)
			}
			return m.folded
		}
	}
	return host
}

// capture appends the named groups that re, which may be nil, finds in text.
func (m *Match) capture(re *regexp.Regexp, text string) {
	if re == nil || re.NumSubexp() == 0 {
		return
	}
	names := re.SubexpNames()
	if !hasName(names) {
		return
	}
	at := re.FindStringSubmatchIndex(text)
	for i, name := range names {
		if name == "" || 2*i+1 >= len(at) {
			continue
		}
		value := ""
		if at[2*i] >= 0 {
			value = text[at[2*i]:at[2*i+1]]
		}
		m.Captures = append(m.Captures, Capture{Name: name, Value: value})
	}
}

func hasName(names []string) bool {
	for _, name := range names {
		if name != "" {
			return true
		}
	}
	return false
}
