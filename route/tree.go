package route

import (
	"slices"
	"strings"

	"pingap-go/message"
)

// node is one node of a radix tree of paths. Every entry hangs at the node that
// spells its key, so the entries that can take a path are those met on one walk
// from the root along it. Nodes are immutable: with and without copy the nodes
// on their way and share the others.
type node[T any] struct {
	// label is what the path must go on with to get here.
	label string
	// first holds the first byte of each child's label, in the same order.
	first    string
	children []*node[T]
	// entries end here, in the order of the table.
	entries []*entry[T]
}

// search is one look-up. best is the first entry, in the order of the table,
// that takes the request, of those seen so far.
type search[T any] struct {
	req  *message.Request
	host string
	best *entry[T]
}

// walk follows the request's path through one tree.
func (s *search[T]) walk(n *node[T]) {
	rest := s.req.Path
	for n != nil {
		s.try(n.entries, rest)
		if rest == "" || n.first == "" {
			return
		}
		i := strings.IndexByte(n.first, rest[0])
		if i < 0 {
			return
		}
		n = n.children[i]
		if !strings.HasPrefix(rest, n.label) {
			return
		}
		rest = rest[len(n.label):]
	}
}

// try looks through entries, which are in order, until one takes the request or
// none of the others could go before the best.
func (s *search[T]) try(entries []*entry[T], rest string) {
	for _, e := range entries {
		if s.best != nil && !e.before(s.best) {
			return
		}
		if e.accepts(s, rest) {
			s.best = e
			return
		}
	}
}

// with returns the tree below n, which may be nil, with e added at key.
func (n *node[T]) with(key string, e *entry[T]) *node[T] {
	c := &node[T]{}
	if n != nil {
		*c = *n
	}
	if key == "" {
		i, _ := slices.BinarySearchFunc(c.entries, e, compareEntries[T])
		c.entries = slices.Insert(slices.Clone(c.entries), i, e)
		return c
	}
	i := strings.IndexByte(c.first, key[0])
	if i < 0 {
		c.first += key[:1]
		c.children = append(slices.Clip(c.children), &node[T]{label: key, entries: []*entry[T]{e}})
		return c
	}
	child := c.children[i]
	common := commonPrefix(child.label, key)
	if common < len(child.label) {
		child = child.splitAt(common)
	}
	c.children = slices.Clone(c.children)
	c.children[i] = child.with(key[common:], e)
	return c
}

// splitAt puts a node between n and its parent, with the first i bytes of n's label.
func (n *node[T]) splitAt(i int) *node[T] {
	lower := *n
	lower.label = n.label[i:]
	return &node[T]{label: n.label[:i], first: lower.label[:1], children: []*node[T]{&lower}}
}

// without returns the tree below n with e, which hangs at key, removed; nil when
// nothing is left.
func (n *node[T]) without(key string, e *entry[T]) *node[T] {
	if n == nil {
		return nil
	}
	c := *n
	if key == "" {
		if i := slices.Index(c.entries, e); i >= 0 {
			c.entries = slices.Delete(slices.Clone(c.entries), i, i+1)
		}
		return c.tidy()
	}
	i := strings.IndexByte(c.first, key[0])
	if i < 0 || !strings.HasPrefix(key, c.children[i].label) {
		return n
	}
	child := c.children[i].without(key[len(c.children[i].label):], e)
	c.children = slices.Clone(c.children)
	if child != nil {
		c.children[i] = child
	} else {
		c.children = slices.Delete(c.children, i, i+1)
		c.first = c.first[:i] + c.first[i+1:]
	}
	return c.tidy()
}

// tidy undoes a split that no longer serves; the result is n itself, its only
// child, or nil. A root (no label) is never merged into its child.
func (n *node[T]) tidy() *node[T] {
	switch {
	case len(n.entries) > 0:
	case len(n.children) == 0:
		return nil
	case len(n.children) == 1 && n.label != "":
		child := *n.children[0]
		child.label = n.label + child.label
		return &child
	}
	return n
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
