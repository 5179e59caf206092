package message

import "strings"

// Pair takes the first "name=value" off a list: a query (separated by '&') or
// the value of a Cookie field (separated by ';', RFC 6265 section 4.2.1). White
// space around the pair is dropped, nothing is decoded. rest is what follows;
// the loop ends when the list is empty:
//
//	for list != "" {
//		name, value, list = message.Pair(list, '&')
//	}
func Pair(list string, separator byte) (name, value, rest string) {
	pair := list
	if end := strings.IndexByte(list, separator); end >= 0 {
		pair, rest = list[:end], list[end+1:]
	}
	name, value, _ = strings.Cut(strings.Trim(pair, " \t"), "=")
	return name, value, rest
}

// Cookie returns the value of the first cookie of that name, as sent.
func (r *Request) Cookie(name string) (value string, ok bool) {
	for i := range r.Header.fields {
		if r.Header.fields[i].Known != Cookie {
			continue
		}
		for list := r.Header.fields[i].Value; list != ""; {
			var n, v string
			if n, v, list = Pair(list, ';'); n == name {
				return v, true
			}
		}
	}
	return "", false
}

// QueryValue returns the value of the first query parameter of that name, as
// sent; the name is compared decoded.
func (r *Request) QueryValue(name string) (value string, ok bool) {
	for list := r.Query; list != ""; {
		var n, v string
		if n, v, list = Pair(list, '&'); EqualDecoded(n, name) {
			return v, true
		}
	}
	return "", false
}

// EqualDecoded reports whether raw, a part of a query, stands for text: with
// "+" as a space and percent-encoding undone, where it is well formed.
func EqualDecoded(raw, text string) bool {
	n := 0
	for i := 0; i < len(raw); i, n = i+1, n+1 {
		c := raw[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2]):
			c = unhex(raw[i+1])<<4 | unhex(raw[i+2])
			i += 2
		}
		if n >= len(text) || text[n] != c {
			return false
		}
	}
	return n == len(text)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
