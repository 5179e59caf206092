package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pingap-go/message"
)

// HeaderLists are header rules as configuration writes them.
type HeaderLists struct {
	Add, Set []string // "Name: value", with variables in the value
	Remove   []string // "Name"
}

// HeaderRules changes the headers of requests or of responses: fields are set,
// then removed, then added. So a removed field can still be the value of a set
// one, which renames it, and remove and add together replace; what is set is not
// removed. The nil HeaderRules does nothing. It is immutable.
type HeaderRules struct {
	response bool
	set, add []HeaderRule
	remove   []string
	// host is the value of a "Host" rule, which stands in Request.Authority.
	host *Template
}

// NewRequestRules parses the rules for requests to the upstream. captures are
// the named groups of the location. "Host: value" may be set: it becomes the
// request's authority.
func NewRequestRules(lists HeaderLists, captures ...string) (*HeaderRules, error) {
	r := &HeaderRules{}
	var rest []string
	for _, text := range lists.Set {
		name, value, _ := strings.Cut(text, ":")
		if !message.EqualFold(strings.TrimSpace(name), "Host") {
			rest = append(rest, text)
			continue
		}
		host, err := ParseTemplate(strings.TrimSpace(value), captures...)
		if err != nil {
			return nil, fmt.Errorf("header %q: %w", strings.TrimSpace(name), err)
		}
		r.host = &host
	}
	lists.Set = rest
	return r.filled(lists, captures)
}

// NewResponseRules parses the rules for responses to the client.
func NewResponseRules(lists HeaderLists, captures ...string) (*HeaderRules, error) {
	r := &HeaderRules{response: true}
	return r.filled(lists, captures)
}

// filled is r with the rules of lists; nil when there is none, as most locations
// have it.
func (r *HeaderRules) filled(lists HeaderLists, captures []string) (*HeaderRules, error) {
	if err := r.fill(lists, captures); err != nil {
		return nil, err
	}
	if len(r.set)+len(r.add)+len(r.remove) == 0 && r.host == nil {
		return nil, nil
	}
	return r, nil
}

func (r *HeaderRules) fill(lists HeaderLists, captures []string) (err error) {
	if r.set, err = ParseHeaderRules(lists.Set, captures...); err != nil {
		return err
	}
	if r.add, err = ParseHeaderRules(lists.Add, captures...); err != nil {
		return err
	}
	for _, name := range lists.Remove {
		if err := CheckHeaderName(name); err != nil {
			return err
		}
		isSet := func(h HeaderRule) bool { return message.EqualFold(h.name, name) }
		if !slices.ContainsFunc(r.set, isSet) {
			r.remove = append(r.remove, name)
		}
	}
	return nil
}

// Apply changes the request's or the response's header of ex. Rules without
// variables do not allocate, beyond room for more fields.
func (r *HeaderRules) Apply(ex *Exchange) {
	if r == nil {
		return
	}
	h := &ex.Request.Header
	if r.response {
		h = &ex.Response.Header
	}
	for i := range r.set {
		r.set[i].Set(h, ex)
	}
	for _, name := range r.remove {
		h.Del(name)
	}
	for i := range r.add {
		r.add[i].Add(h, ex)
	}
	if r.host != nil {
		if host := r.host.String(ex); host != "" {
			ex.Request.Authority = host
		}
	}
}

// PerTry reports whether a value names the endpoint, so that the rules have to
// be applied anew for each try.
func (r *HeaderRules) PerTry() bool {
	is := func(h HeaderRule) bool { return h.value.mentions("upstream_addr") }
	return r != nil && (slices.ContainsFunc(r.set, is) || slices.ContainsFunc(r.add, is) || r.host != nil && r.host.mentions("upstream_addr"))
}

// Gives reports whether the rules set or add a field, so that the proxy leaves
// its own of that name to them.
func (r *HeaderRules) Gives(k message.Known) bool {
	is := func(h HeaderRule) bool { return h.known == k }
	return r != nil && (slices.ContainsFunc(r.set, is) || slices.ContainsFunc(r.add, is))
}

// Concern reports whether the rules say anything of a field of that name. Such a field
// has no business in a trailer, which comes when the rules have been applied.
func (r *HeaderRules) Concern(name string) bool {
	if r == nil {
		return false
	}
	is := func(h HeaderRule) bool { return message.EqualFold(h.name, name) }
	removed := func(n string) bool { return message.EqualFold(n, name) }
	return slices.ContainsFunc(r.set, is) || slices.ContainsFunc(r.add, is) || slices.ContainsFunc(r.remove, removed)
}

// HeaderRule is one "Name: value" with variables in the value.
type HeaderRule struct {
	name  string
	known message.Known
	value Template
}

// ParseHeaderRules parses a list of "Name: value".
func ParseHeaderRules(texts []string, captures ...string) ([]HeaderRule, error) {
	rules := make([]HeaderRule, 0, len(texts))
	for _, text := range texts {
		name, value, found := strings.Cut(text, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found {
			return nil, fmt.Errorf("header %q has no \":\": want \"Name: value\"", text)
		}
		if err := CheckHeaderName(name); err != nil {
			return nil, err
		}
		if i := strings.IndexFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }); i >= 0 {
			return nil, fmt.Errorf("header %q has a control character in its value", name)
		}
		t, err := ParseTemplate(value, captures...)
		if err != nil {
			return nil, fmt.Errorf("header %q: %w", strings.TrimSpace(name), err)
		}
		rules = append(rules, HeaderRule{name: name, known: message.Lookup(name), value: t})
	}
	return rules, nil
}

// Add appends the field. One whose value comes out empty is not added.
func (r *HeaderRule) Add(h *message.Header, ex *Exchange) {
	if value := r.value.String(ex); value != "" {
		h.AddField(message.Field{Name: r.name, Value: value, Known: r.known})
	}
}

// Set replaces all fields of the name by this one. One whose value comes out
// empty only removes them, as nginx has it.
func (r *HeaderRule) Set(h *message.Header, ex *Exchange) {
	if value := r.value.String(ex); value != "" {
		h.Set(r.name, value)
		return
	}
	h.Del(r.name)
}

// SetAbsent adds the field when there is none of the name.
func (r *HeaderRule) SetAbsent(h *message.Header, ex *Exchange) {
	if _, there := h.Lookup(r.name); !there {
		r.Add(h, ex)
	}
}

// Name is the field's name.
func (r *HeaderRule) Name() string { return r.name }

var errHost = errors.New("the header \"Host\" can only be set, and only for requests")

// CheckHeaderName refuses what is not a token (RFC 9110 section 5.6.2) and the
// fields that belong to one connection, which the proxy writes by itself.
func CheckHeaderName(name string) error {
	if name == "" {
		return errors.New("a header has no name")
	}
	for i := range len(name) {
		if c := name[i]; !isNameByte(c) && strings.IndexByte("!#$%&'*+-.^`|~", c) < 0 {
			return fmt.Errorf("the header name %q has the character %q", name, c)
		}
	}
	switch k := message.Lookup(name); k {
	case message.Host:
		return errHost
	case message.Connection, message.ContentLength, message.TransferEncoding, message.KeepAlive,
		message.ProxyConnection, message.TE, message.Trailer, message.Upgrade, message.HTTP2Settings, message.Expect:
		return fmt.Errorf("the header %q belongs to the connection: the proxy writes it by itself", k)
	}
	return nil
}
