package http1

import (
	"strings"

	"pingap-go/message"
)

// element takes the first element off a comma-separated list (RFC 9110 section
// 5.6.1), without the white space around it. It is empty for an empty element.
func element(list string) (first, rest string) {
	first, rest, _ = strings.Cut(list, ",")
	return trim(first), rest
}

// listHas reports whether a list has an element that spells token in any case.
func listHas(list, token string) bool {
	for list != "" {
		var e string
		if e, list = element(list); message.EqualFold(e, token) {
			return true
		}
	}
	return false
}
