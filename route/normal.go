package route

import "strings"

const upperHex = "0123456789ABCDEF"

// Normalize gives a path the form that requests have when they are matched
// (RFC 3986 section 6.2.2): dot segments removed, percent-encoded unreserved
// characters decoded, hex digits in upper case. What a request could not have is
// made good: a "/" in front, control characters, spaces, non-ASCII and a "%"
// that encodes nothing are encoded. A path that has the form already is
// returned as it is, without allocation.
func Normalize(path string) string {
	if isNormal(path) {
		return path
	}
	var b strings.Builder
	b.Grow(len(path) + 8)
	if !strings.HasPrefix(path, "/") {
		b.WriteByte('/')
	}
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]) {
			c = unhex(path[i+1])<<4 | unhex(path[i+2])
			i += 2
			if !isUnreserved(c) {
				writeEncoded(&b, c)
				continue
			}
		}
		if isPathByte(c) {
			b.WriteByte(c)
		} else {
			writeEncoded(&b, c)
		}
	}
	return removeDots(b.String())
}

func isNormal(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for i := range len(path) {
		c := path[i]
		if !isPathByte(c) {
			return isNormalSlow(path)
		}
		if c == '.' && path[i-1] == '/' {
			return isNormalSlow(path)
		}
	}
	return true
}

// isNormalSlow decides for the paths that have a "%" or a "/.".
func isNormalSlow(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '%':
			if i+2 >= len(path) || !isUpperHex(path[i+1]) || !isUpperHex(path[i+2]) ||
				isUnreserved(unhex(path[i+1])<<4|unhex(path[i+2])) {
				return false
			}
			i += 2
		case !isPathByte(c):
			return false
		}
	}
	return !hasDots(path)
}

func hasDots(path string) bool {
	for path != "" {
		var segment string
		segment, path, _ = strings.Cut(path, "/")
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// removeDots is RFC 3986 section 5.2.4 for an absolute path.
func removeDots(path string) string {
	if !hasDots(path) {
		return path
	}
	kept := make([]string, 0, strings.Count(path, "/"))
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		if s == ".." && len(kept) > 0 {
			kept = kept[:len(kept)-1]
		}
		if s != "." && s != ".." {
			kept = append(kept, s)
		} else if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

func writeEncoded(b *strings.Builder, c byte) {
	b.WriteByte('%')
	b.WriteByte(upperHex[c>>4])
	b.WriteByte(upperHex[c&15])
}

// isUnreserved is RFC 3986 section 2.3.
func isUnreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// isPathByte is what a parsed path holds as it was sent: visible ASCII, also
// where RFC 3986 section 3.3 is stricter, but not what would end the path or
// reads as a slash to some servers.
func isPathByte(c byte) bool {
	return 0x21 <= c && c <= 0x7e && c != '#' && c != '?' && c != '\\' && c != '%'
}

func isHex(c byte) bool      { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }
func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
