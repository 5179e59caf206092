package balance

import (
	"fmt"
	"strings"
)

// KeyKind says what of a request a hash policy goes by.
type KeyKind uint8

// The kinds of key. The caller takes the text from the request into Ask.Key.
const (
	KeyNone   KeyKind = iota // the policy does not hash
	KeyIP                    // the client's address
	KeyURL                   // path and query, as received
	KeyPath                  // path without the query
	KeyHeader                // the first value of a header
	KeyCookie                // the value of a cookie
	KeyQuery                 // the first value of a query parameter
)

// Key is what a hash policy goes by. The zero value is none.
type Key struct {
	Kind KeyKind
	// Name of the header, cookie or query parameter.
	Name string
}

// ParseKey tells what the named algorithm hashes. ok is false when it is not a
// hash policy, or misses a name.
func ParseKey(algorithm string) (key Key, ok bool) {
	if algorithm == "ip_hash" {
		return Key{Kind: KeyIP}, true
	}
	what, ok := strings.CutPrefix(algorithm, "hash:")
	if !ok {
		return Key{}, false
	}
	what, name, named := strings.Cut(what, ":")
	key = Key{Kind: keyKind(what), Name: name}
	needsName := key.Kind >= KeyHeader
	if key.Kind == KeyNone || named != needsName || needsName && name == "" {
		return Key{}, false
	}
	return key, true
}

func keyKind(what string) KeyKind {
	switch what {
	case "ip":
		return KeyIP
	case "url":
		return KeyURL
	case "path":
		return KeyPath
	case "header":
		return KeyHeader
	case "cookie":
		return KeyCookie
	case "query":
		return KeyQuery
	}
	return KeyNone
}

// ParseSticky returns the cookie's name of a sticky setting, "cookie:NAME"; ""
// for the empty one, which is not sticky.
func ParseSticky(sticky string) (cookie string, err error) {
	if sticky == "" {
		return "", nil
	}
	cookie, ok := strings.CutPrefix(sticky, "cookie:")
	if !ok || cookie == "" || strings.ContainsAny(cookie, "=;, \t\"") {
		return "", fmt.Errorf(`sticky %q is not of the form "cookie:NAME"`, sticky)
	}
	return cookie, nil
}
