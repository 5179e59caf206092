package route

import (
	"maps"
	"strings"

	"pingap-go/message"
)

// Table is an immutable set of routes with the question who takes a request.
//
// The first entry takes it whose host, path, method and conditions all fit; an
// entry is one host alternative of a rule. The order of entries:
//
//  1. the highest priority. Unless a rule gives one it is the sum of path
//     (exact 1024, prefix 512, expression 256, each + its length up to 64; none
//     or "/" 0) and host (exact 128, wildcard 96, expression its length up to 64);
//  2. configured rules before automatic ones;
//  3. configured rules in the order of their list; automatic ones by the longer
//     host, the longer path, the alphabet.
//
// The zero Table has no route. All methods may be called by many at once.
type Table[T any] struct {
	exact    map[string]*node[T]
	wildcard map[string]*node[T] // by the domain behind "*."
	rest     *node[T]            // any host, and host expressions
	groups   map[string][]*entry[T]
}

// configured is the group of the rules given to New.
const configured = ""

// New makes a table of the configured rules, in the order of the server's list.
func New[T any](rules []Rule[T]) *Table[T] {
	t := &Table[T]{}
	return t.replace(map[string][]*entry[T]{configured: newEntries(Configured, configured, rules)})
}

// With returns a table in which each named group of automatic rules is as
// given; a group without rules is gone. What is not named is shared with t. The
// cost is that of the named groups' old and new rules, plus copying the index
// of hosts. Group names (of services, say) are not empty.
func (t *Table[T]) With(groups map[string][]Rule[T]) *Table[T] {
	entries := make(map[string][]*entry[T], len(groups))
	for name, rules := range groups {
		if name != configured {
			entries[name] = newEntries(Automatic, name, rules)
		}
	}
	return t.replace(entries)
}

// replace is the one way in which tables are made.
func (t *Table[T]) replace(groups map[string][]*entry[T]) *Table[T] {
	next := &Table[T]{
		exact:    cloneMap(t.exact),
		wildcard: cloneMap(t.wildcard),
		rest:     t.rest,
		groups:   cloneMap(t.groups),
	}
	for name, entries := range groups {
		for _, old := range next.groups[name] {
			next.hang(old, withoutEntry[T])
		}
		for _, e := range entries {
			next.hang(e, withEntry[T])
		}
		if next.groups[name] = entries; len(entries) == 0 {
			delete(next.groups, name)
		}
	}
	return next
}

// withEntry is the tree of a root, which may be nil, with e.
func withEntry[T any](root *node[T], e *entry[T]) *node[T] {
	var n node[T]
	if root != nil {
		n = *root
	}
	n = n.with(e.rule.Path.key, e)
	return &n
}

// withoutEntry is the tree without e, nil when nothing is left.
func withoutEntry[T any](root *node[T], e *entry[T]) *node[T] {
	if root == nil {
		return nil
	}
	n, some := root.without(e.rule.Path.key, e)
	if !some {
		return nil
	}
	return &n
}

// hang changes the tree to which e belongs; only for a table nobody else has seen.
func (t *Table[T]) hang(e *entry[T], change func(*node[T], *entry[T]) *node[T]) {
	switch e.host.Type {
	case ExactHost:
		setOrDelete(t.exact, e.host.Text, change(t.exact[e.host.Text], e))
	case WildcardHost:
		setOrDelete(t.wildcard, e.host.Text, change(t.wildcard[e.host.Text], e))
	default:
		t.rest = change(t.rest, e)
	}
}

// Match returns the target of the route that takes req, and puts what its
// expressions captured into m. It does not allocate, with two exceptions: a
// route with named groups that was chosen, and a host in upper case when m saw
// another one before.
func (t *Table[T]) Match(req *message.Request, m *Match) (target T, ok bool) {
	s := search[T]{req: req, host: m.normalHost(req.Host())}
	if root := t.exact[s.host]; root != nil {
		s.walk(root)
	}
	if len(t.wildcard) > 0 {
		t.walkWildcards(&s)
	}
	s.walk(t.rest)
	m.Captures = m.Captures[:0]
	if s.best == nil {
		return target, false
	}
	if !s.best.plain {
		m.capture(s.best.host.re, s.host)
		m.capture(s.best.rule.Path.re, req.Path)
	}
	return s.best.target, true
}

// walkWildcards tries the domains above the host, at each of its dots.
func (t *Table[T]) walkWildcards(s *search[T]) {
	for domain, found := s.host, true; ; {
		if _, domain, found = strings.Cut(domain, "."); !found {
			return
		}
		if root := t.wildcard[domain]; root != nil {
			s.walk(root)
		}
	}
}

func cloneMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return make(map[string]V)
	}
	return maps.Clone(m)
}

func setOrDelete[T any](m map[string]*node[T], name string, n *node[T]) {
	if n == nil {
		delete(m, name)
		return
	}
	m[name] = n
}
