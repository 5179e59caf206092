package http1

import (
	"bytes"
	"strings"
)

// normalPath brings a path into the form on which routes are matched and which
// is sent on (RFC 3986 section 6.2.2): escapes of unreserved characters undone,
// the others in upper case, dot segments removed. Escaped slashes, backslashes
// and control characters stay escaped, and repeated slashes stay repeated. A
// path that is normal already, as most are, comes back as it is.
func normalPath(path string) (string, Problem) {
	if strings.IndexByte(path, '%') < 0 && !strings.Contains(path, "/.") {
		return path, ""
	}
	normal := true
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '%':
			if i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2]) {
				return "", badEscape
			}
			normal = normal && isNormalEscape(path[i+1], path[i+2])
		case '/':
			normal = normal && !startsDotSegment(path[i+1:])
		}
	}
	if normal {
		return path, ""
	}
	p, ok := removeDotSegments(unescape(path))
	if !ok {
		return "", aboveRoot
	}
	return string(p), ""
}

func isHex(c byte) bool { return class[c]&(upperHexByte|lowerHexByte) != 0 }

// isNormalEscape reports whether the escape of two hex digits must stay as it is.
func isNormalEscape(high, low byte) bool {
	return class[high]&class[low]&upperHexByte != 0 && class[unhex(high)<<4|unhex(low)]&unreservedByte == 0
}

// startsDotSegment reports whether rest, which follows a slash, begins with a
// whole segment "." or "..".
func startsDotSegment(rest string) bool {
	if rest == "" || rest[0] != '.' {
		return false
	}
	rest = rest[1:]
	if rest != "" && rest[0] == '.' {
		rest = rest[1:]
	}
	return rest == "" || rest[0] == '/'
}

// unescape copies path with its escapes in normal form.
func unescape(path string) []byte {
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			out = append(out, path[i])
			continue
		}
		c := unhex(path[i+1])<<4 | unhex(path[i+2])
		if class[c]&unreservedByte != 0 {
			out = append(out, c)
		} else {
			const upper = "0123456789ABCDEF"
			out = append(out, '%', upper[c>>4], upper[c&15])
		}
		i += 2
	}
	return out
}

// removeDotSegments is RFC 3986 section 5.2.4, in place. It answers false for a
// path that leads above the root.
func removeDotSegments(p []byte) ([]byte, bool) {
	w := 0
	for r := 0; r < len(p); {
		end := len(p)
		if slash := bytes.IndexByte(p[r+1:], '/'); slash >= 0 {
			end = r + 1 + slash
		}
		last := end == len(p)
		switch string(p[r:end]) {
		case "/.":
		case "/..":
			if w == 0 {
				return nil, false
			}
			w = bytes.LastIndexByte(p[:w], '/')
		default:
			w += copy(p[w:], p[r:end])
			last = false
		}
		if last {
			p[w] = '/'
			w++
		}
		r = end
	}
	return p[:w], true
}

// unhex is the value of a hex digit.
func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
