package route

import (
	"cmp"
	"math"
	"slices"

	"pingap-go/message"
)

// Rule is the input of a Table: one location in parsed form.
type Rule[T any] struct {
	Name string
	// Hosts are alternatives, each with its own share of the default priority.
	// Empty takes every host.
	Hosts []Host
	Path  Path
	// Methods are in upper case; empty takes all. GET does not stand for HEAD.
	Methods []string
	// Conditions must all be met.
	Conditions []Condition
	// Priority replaces the default, which is the sum of path's and host's.
	Priority *int
	// Target is what Match returns.
	Target T
}

// Origin tells configured rules from automatic ones.
type Origin uint8

// The origins. At one priority a configured rule goes before an automatic one.
const (
	Configured Origin = iota
	Automatic
)

// String is the name that the admin API uses.
func (o Origin) String() string {
	if o == Automatic {
		return "automatic"
	}
	return "configured"
}

// entry is one host alternative of a rule, as it hangs in a tree. It is
// immutable and shared by all tables that contain it.
type entry[T any] struct {
	// key orders entries, the lowest first: priority, origin and, for
	// configured rules, the place in the list. The rest decides in before.
	key uint64
	// plain says that the path alone decides; then a look-up needs no more than
	// this and what is up to target.
	plain  bool
	origin Origin
	path   PathType
	open   bool // of a prefix: the prefix itself is taken, too
	target T

	rule     *Rule[T]
	host     Host
	priority int
	group    string
	seq      int
}

// newEntries makes the entries of rules, in their order.
func newEntries[T any](origin Origin, group string, rules []Rule[T]) []*entry[T] {
	entries := make([]*entry[T], 0, len(rules))
	for i := range rules {
		rule := rules[i]
		hosts := rule.Hosts
		if len(hosts) == 0 {
			hosts = []Host{{}}
		}
		for _, host := range hosts {
			e := &entry[T]{rule: &rule, host: host, origin: origin, group: group, seq: i, target: rule.Target}
			p := &rule.Path
			e.path, e.open = p.Type, len(p.key) == len(p.Text)
			e.plain = p.re == nil && host.re == nil && host.Port == "" && len(rule.Methods) == 0 && len(rule.Conditions) == 0
			e.priority = rule.Path.priority() + host.priority()
			if rule.Priority != nil {
				e.priority = *rule.Priority
			}
			e.key = orderKey(e.priority, origin, i)
			entries = append(entries, e)
		}
	}
	return entries
}

// orderKey packs priority (32 bits, highest first), origin (1 bit) and the
// place in the list of configured rules (31 bits).
func orderKey(priority int, origin Origin, seq int) uint64 {
	priority = max(math.MinInt32, min(priority, math.MaxInt32))
	key := uint64(math.MaxInt32-int64(priority))<<32 | uint64(origin)<<31
	if origin == Configured {
		key |= uint64(seq) & (1<<31 - 1)
	}
	return key
}

// before is the order of the table. Automatic rules have no list in which a
// user put them: among equals the longer host goes first, then the longer path,
// then the alphabet, so that the order never depends on who came first.
func (e *entry[T]) before(o *entry[T]) bool {
	if e.key != o.key {
		return e.key < o.key
	}
	return e.compareTexts(o) < 0
}

func (e *entry[T]) compareTexts(o *entry[T]) int {
	p, q := &e.rule.Path, &o.rule.Path
	return cmp.Or(
		cmp.Compare(len(o.host.Text), len(e.host.Text)),
		cmp.Compare(len(q.Text), len(p.Text)),
		cmp.Compare(e.host.Text, o.host.Text),
		cmp.Compare(p.Text, q.Text),
		cmp.Compare(e.group, o.group),
		cmp.Compare(e.seq, o.seq),
	)
}

// compareEntries is before for sorting.
func compareEntries[T any](a, b *entry[T]) int {
	return cmp.Or(cmp.Compare(a.key, b.key), a.compareTexts(b))
}

// accepts checks everything that the way through the tree has not decided; rest
// is what follows the entry's key in the path.
func (e *entry[T]) accepts(s *search[T], rest string) bool {
	switch {
	case e.path == Exact && rest != "":
		return false
	case e.path == Prefix && rest == "" && !e.open:
		return false
	case e.path == Prefix && rest != "" && rest[0] != '/':
		return false
	}
	return e.plain || e.acceptsMore(s)
}

// acceptsMore checks what plain entries have not.
func (e *entry[T]) acceptsMore(s *search[T]) bool {
	r := e.rule
	if len(r.Methods) > 0 && !slices.Contains(r.Methods, s.req.Method) {
		return false
	}
	if e.host.Port != "" && e.host.Port != portOf(s.req) {
		return false
	}
	if r.Path.re != nil && !r.Path.re.MatchString(s.req.Path) {
		return false
	}
	if e.host.re != nil && !e.host.re.MatchString(s.host) {
		return false
	}
	for i := range r.Conditions {
		if !r.Conditions[i].matches(s.req) {
			return false
		}
	}
	return true
}

// portOf is the port of the request's authority, or its scheme's own.
func portOf(req *message.Request) string {
	if a, h := req.Authority, req.Host(); len(a) > len(h)+1 {
		return a[len(h)+1:]
	}
	if req.Scheme == "https" {
		return "443"
	}
	return "80"
}
