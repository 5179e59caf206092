package route

import (
	"math"
	"slices"
	"strings"

	"pingap-go/message"
)

// node is one node of a radix tree of paths. Every entry hangs at the node that
// spells its key, so the entries that can take a path are those met on one walk
// from the root along it. Nodes are immutable: with and without copy the nodes
// on their way and share the others.
//
// In a table of ten thousand a walk waits for memory, so what it looks at stands
// close together: children in one array, label and first in one string.
type node[T any] struct {
	// label is what the path must go on with to get here.
	label string
	// first holds the first byte of each child's label, in the same order.
	first    string
	children []node[T]
	// entries end here, in the order of the table.
	entries []*entry[T]
	// lead is the lowest key of all entries here and below.
	lead uint64
}

// search is one look-up. best is the first entry, in the order of the table,
// that takes the request, of those seen so far.
type search[T any] struct {
	req  *message.Request
	host string
	best *entry[T]
}

// walk follows the request's path through one tree, as long as something there
// may go before the best.
func (s *search[T]) walk(n *node[T]) {
	if n == nil {
		return
	}
	for rest := s.req.Path; s.best == nil || n.lead <= s.best.key; rest = rest[len(n.label):] {
		if len(n.entries) > 0 {
			s.try(n.entries, rest)
		}
		if rest == "" || n.first == "" {
			return
		}
		i := strings.IndexByte(n.first, rest[0])
		if i < 0 {
			return
		}
		n = &n.children[i]
		if size := len(n.label); size > 1 && (size > len(rest) || rest[1:size] != n.label[1:]) {
			return
		}
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

// with returns the tree below n with e added at key.
func (n node[T]) with(key string, e *entry[T]) node[T] {
	if key == "" {
		i, _ := slices.BinarySearchFunc(n.entries, e, compareEntries[T])
		n.entries = slices.Insert(slices.Clip(n.entries), i, e)
		return n.led()
	}
	i := strings.IndexByte(n.first, key[0])
	if i < 0 {
		n.name(n.label, n.first+key[:1])
		last := len(n.children)
		n.children = append(make([]node[T], 0, last+1), n.children...)[:last+1]
		n.children[last] = node[T]{label: key, entries: []*entry[T]{e}, lead: e.key}
		return n.led()
	}
	child := n.children[i]
	common := commonPrefix(child.label, key)
	if common < len(child.label) {
		child = child.splitAt(common)
	}
	n.children = slices.Clone(n.children)
	n.children[i] = child.with(key[common:], e)
	return n.led()
}

// led is n with its lead worked out.
func (n node[T]) led() node[T] {
	n.lead = math.MaxUint64
	if len(n.entries) > 0 {
		n.lead = n.entries[0].key
	}
	for i := range n.children {
		n.lead = min(n.lead, n.children[i].lead)
	}
	return n
}

// name sets label and first.
func (n *node[T]) name(label, first string) {
	both := label + first
	n.label, n.first = both[:len(label)], both[len(label):]
}

// splitAt puts a node between n and its parent, with the first i bytes of n's label.
func (n node[T]) splitAt(i int) node[T] {
	var upper node[T]
	upper.name(n.label[:i], n.label[i:i+1])
	n.name(n.label[i:], n.first)
	upper.children = []node[T]{n}
	return upper
}

// without returns the tree below n with e, which hangs at key, removed; some is
// false when nothing is left.
func (n node[T]) without(key string, e *entry[T]) (left node[T], some bool) {
	if key == "" {
		if i := slices.Index(n.entries, e); i >= 0 {
			n.entries = slices.Delete(slices.Clone(n.entries), i, i+1)
		}
		return n.tidy()
	}
	i := strings.IndexByte(n.first, key[0])
	if i < 0 || !strings.HasPrefix(key, n.children[i].label) {
		return n, true
	}
	child, some := n.children[i].without(key[len(n.children[i].label):], e)
	n.children = slices.Clone(n.children)
	if some {
		n.children[i] = child
	} else {
		n.children = slices.Delete(n.children, i, i+1)
		n.name(n.label, n.first[:i]+n.first[i+1:])
	}
	return n.tidy()
}

// tidy undoes a split that no longer serves: the result is n itself, its only
// child, or nothing. A root (no label) is never merged into its child.
func (n node[T]) tidy() (left node[T], some bool) {
	switch {
	case len(n.entries) > 0:
	case len(n.children) == 0:
		return n, false
	case len(n.children) == 1 && n.label != "":
		child := n.children[0]
		child.name(n.label+child.label, child.first)
		return child, true
	}
	return n.led(), true
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
