package http1

import (
	"bytes"

	"pingap-go/message"
)

// trailerLine takes a line of the trailer section, or what src has of it.
func (d *Chunked) trailerLine(src []byte) (used int, p Problem) {
	if len(d.trailer) == 0 && len(src) >= 2 && src[0] == '\r' && src[1] == '\n' {
		d.state = finished // no trailers, as nearly always
		return 2, ""
	}
	line, whole := src, false
	if lf := bytes.IndexByte(src, '\n'); lf >= 0 {
		line, whole = src[:lf+1], true
	}
	if len(d.trailer)+len(line) > maxTrailerBytes {
		return len(line), longTrailer
	}
	d.trailer = append(d.trailer, line...)
	if !whole {
		return len(line), ""
	}
	end, p := headEnd(d.trailer, len(d.trailer)-1)
	if p != "" || end == 0 {
		return len(line), p
	}
	d.state = finished
	if end > len("\r\n") {
		var unused message.Header
		p = parseTrailer(string(d.trailer), &unused)
	}
	return len(line), p
}

// parseTrailer adds the fields of a trailer section to h, by the rules of
// header fields. Fields that say how to frame, route, authenticate or read the
// message come too late in a trailer and are left out (RFC 9110 section 6.5.1).
func parseTrailer(section string, h *message.Header) Problem {
	count := 0
	for at := 0; section[at] != '\r'; count++ {
		if count == maxTrailerFields {
			return manyTrailers
		}
		f := h.Next()
		next, p := fieldLine(section, at, f)
		if p != "" {
			return p
		}
		if !mayTrail(f) {
			h.TakeBack()
		}
		at = next
	}
	return ""
}

// MayTrail reports whether a field that another parser has read, as HTTP/2's, may stand
// after the content.
func MayTrail(f *message.Field) bool {
	own := *f
	own.Known = message.Lookup(f.Name)
	return mayTrail(&own) && !alias(f.Name)
}

// mayTrail reports whether a field makes sense after the content.
func mayTrail(f *message.Field) bool {
	if special.has(f.Known) || endToEnd.has(f.Known) {
		return false
	}
	for _, name := range [...]string{
		"Accept-Ranges", "Age", "Allow", "Authentication-Info", "Cache-Control", "Expires", "Forwarded", "Location",
		"Max-Forwards", "Pragma", "Proxy-Authentication-Info", "Range", "Retry-After", "Set-Cookie", "Vary",
		"Via", "Warning", "WWW-Authenticate",
	} {
		if message.EqualFold(f.Name, name) {
			return false
		}
	}
	return !hasPrefixFold(f.Name, "Content-") && !hasPrefixFold(f.Name, "If-") && !hasPrefixFold(f.Name, "X-Forwarded-")
}
