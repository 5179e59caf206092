package route

import (
	"fmt"
	"strings"

	"pingap-go/message"
)

// Part is the part of a request that a Condition looks at.
type Part uint8

// The parts.
const (
	Header Part = iota
	Query
	Cookie
)

var parts = [...]string{Header: "header", Query: "query", Cookie: "cookie"}

// String is the part's name.
func (p Part) String() string { return parts[p] }

// Condition asks for a header, query parameter or cookie, or for one of a
// certain value. Several of that name in a request: one that fits is enough.
type Condition struct {
	part        Part
	name, value string
	hasValue    bool
}

// ParseConditions parses a list of "name" (is there) and "name:value" (is there
// with that value). Header names have no case; all else has.
func ParseConditions(part Part, texts []string) ([]Condition, error) {
	conditions := make([]Condition, 0, len(texts))
	for _, text := range texts {
		c := Condition{part: part}
		c.name, c.value, c.hasValue = strings.Cut(text, ":")
		c.name, c.value = strings.TrimSpace(c.name), strings.TrimSpace(c.value)
		if c.name == "" {
			return nil, fmt.Errorf("%s condition %q has no name: want \"name\" or \"name:value\"", part, text)
		}
		if part == Header && message.EqualFold(c.name, "Host") {
			return nil, fmt.Errorf("header condition %q: the host has a key of its own, host", text)
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}

// String reads "header X-Group:beta".
func (c Condition) String() string {
	if c.hasValue {
		return c.part.String() + " " + c.name + ":" + c.value
	}
	return c.part.String() + " " + c.name
}

func (c *Condition) matches(req *message.Request) bool {
	switch c.part {
	case Query:
		return c.inQuery(req.Query)
	case Cookie:
		return c.inCookies(&req.Header)
	}
	for i, fields := 0, req.Header.Fields(); i < len(fields); i++ {
		if message.EqualFold(fields[i].Name, c.name) && (!c.hasValue || fields[i].Value == c.value) {
			return true
		}
	}
	return false
}

func (c *Condition) inQuery(list string) bool {
	for list != "" {
		var name, value string
		name, value, list = message.Pair(list, '&')
		if message.EqualDecoded(name, c.name) && (!c.hasValue || message.EqualDecoded(value, c.value)) {
			return true
		}
	}
	return false
}

func (c *Condition) inCookies(h *message.Header) bool {
	for i, fields := 0, h.Fields(); i < len(fields); i++ {
		if fields[i].Known != message.Cookie {
			continue
		}
		for list := fields[i].Value; list != ""; {
			var name, value string
			name, value, list = message.Pair(list, ';')
			if name == c.name && (!c.hasValue || value == c.value) {
				return true
			}
		}
	}
	return false
}
