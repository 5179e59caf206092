package http1

import (
	"net/netip"
	"strings"
)

// authority validates "host", "host:port" or "[IPv6]:port" and gives it back,
// without a colon that no port follows. Names are letters, digits, "-", "." and
// "_": what is more in RFC 3986's reg-name (commas, escapes, user information)
// only serves to be read differently by somebody else. No name in DNS is longer than
// maxName, and whoever looks at each of its parts is glad of that.
func authority(s string) (string, Problem) {
	if strings.HasPrefix(s, "[") {
		return literal(s)
	}
	end := span(s, 0, hostByte)
	if end == 0 || end > maxName {
		return "", badHost
	}
	return port(s, end)
}

// maxName bounds a host name in bytes; RFC 1035 section 2.3.4.
const maxName = 255

// literal is for an IPv6 address in brackets, which has no zone.
func literal(s string) (string, Problem) {
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return "", badHost
	}
	inside := s[1:end]
	if strings.IndexByte(inside, '%') >= 0 || strings.IndexByte(inside, ':') < 0 {
		return "", badHost
	}
	if _, err := netip.ParseAddr(inside); err != nil {
		return "", badHost
	}
	return port(s, end+1)
}

// port validates what follows the host, which ends at end.
func port(s string, end int) (string, Problem) {
	switch {
	case end == len(s):
		return s, ""
	case s[end] != ':':
		return "", badHost
	case end+1 == len(s):
		return s[:end], ""
	}
	if n, ok := decimal(s[end+1:]); !ok || n > 65535 {
		return "", badHost
	}
	return s, ""
}
