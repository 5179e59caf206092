package route

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pingap-go/message"
)

// line is one host alternative of one rule.
type line struct {
	rule     Rule[string]
	host     Host
	priority int
	auto     string // the place among automatic rules; empty for configured ones
}

// naive answers as the contract is written: sort every host alternative of
// every rule, then take the first that fits.
func naive(lines []line, req *message.Request) string {
	for _, l := range lines {
		if naiveHost(l.host, req.Host()) && naivePath(l.rule.Path, req.Path) &&
			(len(l.rule.Methods) == 0 || slices.Contains(l.rule.Methods, req.Method)) {
			return l.rule.Name
		}
	}
	return ""
}

func naiveLines(configured []Rule[string], automatic map[string][]Rule[string]) (lines []line) {
	lines = appendLines(lines, configured, false)
	for _, rules := range automatic {
		lines = appendLines(lines, rules, true)
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), strings.Compare(a.auto, b.auto))
	})
	return lines
}

func appendLines(lines []line, rules []Rule[string], auto bool) []line {
	for _, r := range rules {
		hosts := r.Hosts
		if len(hosts) == 0 {
			hosts = []Host{{}}
		}
		for _, h := range hosts {
			l := line{rule: r, host: h, priority: r.Path.priority() + h.priority()}
			if r.Priority != nil {
				l.priority = *r.Priority
			}
			if auto {
				l.auto = autoOrder(r, h)
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// autoOrder spells the order of automatic rules of one priority as a text.
func autoOrder(r Rule[string], h Host) string {
	return fmt.Sprintf("%04d %04d %s %s %s", 9999-len(h.Text), 9999-len(r.Path.Text), h.Text, r.Path.Text, r.Name)
}

func naiveHost(h Host, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	switch h.Type {
	case ExactHost:
		return host == h.Text
	case WildcardHost:
		return strings.HasSuffix(host, "."+h.Text)
	case RegexHost:
		return h.re.MatchString(host)
	}
	return true
}

func naivePath(p Path, path string) bool {
	switch p.Type {
	case Prefix:
		return path == p.Text || strings.HasPrefix(path, strings.TrimSuffix(p.Text, "/")+"/")
	case StartsWith:
		return strings.HasPrefix(path, p.Text)
	case Exact:
		return path == p.Text
	case Regex:
		return p.re.MatchString(path)
	}
	return true
}

// random draws from small alphabets, so that everything overlaps.
type random struct {
	*rand.Rand
	t testing.TB
}

func (r random) path(depth int) string {
	var b strings.Builder
	for range 1 + r.IntN(depth) {
		b.WriteString("/" + []string{"a", "ab", "b", "abc", ""}[r.IntN(5)])
	}
	return b.String()
}

func (r random) host() string {
	var labels []string
	for range 1 + r.IntN(3) {
		labels = append(labels, []string{"a", "b", "Ab"}[r.IntN(3)])
	}
	return strings.Join(labels, ".")
}

func (r random) rule(name string) Rule[string] {
	var hosts []string
	for range r.IntN(3) {
		hosts = append(hosts, []string{r.host(), "*." + r.host(), "~^" + strings.ToLower(r.host()), "*"}[r.IntN(4)])
	}
	var rule Rule[string]
	switch r.IntN(6) {
	case 0:
		rule = mustRule(r.t, name, hosts, "exact", r.path(3))
	case 1:
		rule = mustRule(r.t, name, hosts, "regex", []string{"^", "", "b$|^"}[r.IntN(3)]+r.path(2)+[]string{"", "?", "$", "+"}[r.IntN(4)])
	case 2:
		rule = mustRule(r.t, name, hosts, "starts_with", r.path(2))
	default:
		rule = mustRule(r.t, name, hosts, "prefix", r.path(3))
	}
	if r.IntN(4) == 0 {
		rule.Methods = []string{"GET"}
	}
	if r.IntN(4) == 0 {
		priority := 400 + r.IntN(300)
		rule.Priority = &priority
	}
	return rule
}

func (r random) rules(prefix string, n int) (rules []Rule[string]) {
	for i := range n {
		rules = append(rules, r.rule(fmt.Sprintf("%s%03d", prefix, i)))
	}
	return rules
}

// checkAgainstNaive compares both answers for random requests.
func (r random) checkAgainstNaive(table *Table[string], configured []Rule[string], auto map[string][]Rule[string], requests int) {
	var m Match
	lines := naiveLines(configured, auto)
	for range requests {
		req := request([]string{"GET", "PUT"}[r.IntN(2)], r.host(), r.path(4))
		want := naive(lines, req)
		if got, _ := table.Match(req, &m); got != want {
			r.t.Fatalf("%s %s%s goes to %q, a linear scan says %q", req.Method, req.Authority, req.Path, got, want)
		}
	}
}

func TestSameAsLinearScan(t *testing.T) {
	for seed := range uint64(150) {
		r := random{rand.New(rand.NewPCG(seed, 1)), t}
		rules := r.rules("c", r.IntN(40))
		r.checkAgainstNaive(New(rules), rules, nil, 60)
	}
}

// A table that has lived through many changes answers as one made at once, the
// tables before it are not touched, and nothing is left of groups that went.
func TestWithIsSameAsMadeAtOnce(t *testing.T) {
	for seed := range uint64(30) {
		r := random{rand.New(rand.NewPCG(seed, 2)), t}
		configured := r.rules("c", r.IntN(10))
		table := New(configured)
		auto := make(map[string][]Rule[string])
		for range 20 {
			before, autoBefore := table, maps.Clone(auto)
			group := fmt.Sprintf("g%d", r.IntN(5))
			auto[group] = r.rules(group+"-", r.IntN(8))
			table = table.With(map[string][]Rule[string]{group: auto[group]})
			r.checkAgainstNaive(before, configured, autoBefore, 5)
		}
		r.checkAgainstNaive(table, configured, auto, 60)
		empty := table.With(map[string][]Rule[string]{"g0": nil, "g1": nil, "g2": nil, "g3": nil, "g4": nil})
		r.checkAgainstNaive(empty, configured, nil, 60)
		if fresh := New(configured); countNodes(empty) != countNodes(fresh) {
			t.Fatalf("seed %d: %d nodes left, a fresh table has %d", seed, countNodes(empty), countNodes(fresh))
		}
	}
}

func countNodes(t *Table[string]) int {
	var count func(n *node[string]) int
	count = func(n *node[string]) int {
		if n == nil {
			return 0
		}
		sum := 1
		for i := range n.children {
			sum += count(&n.children[i])
		}
		return sum
	}
	sum := count(t.rest)
	for _, n := range t.exact {
		sum += count(n)
	}
	for _, n := range t.wildcard {
		sum += count(n)
	}
	return sum
}

// All lists in the very order in which Match decides.
func TestAllIsTheOrderOfMatching(t *testing.T) {
	r := random{rand.New(rand.NewPCG(3, 3)), t}
	table := New(r.rules("c", 60)).With(map[string][]Rule[string]{"g": r.rules("g", 60)})
	place := make(map[string]int)
	for i, l := range table.All() {
		if _, seen := place[l.Name]; !seen {
			place[l.Name] = i
		}
	}
	if len(place) != table.Len() || table.Len() != 120 {
		t.Fatalf("%d rules listed, %d in the table", len(place), table.Len())
	}
	if !slices.IsSortedFunc(table.All(), func(a, b Listed[string]) int { return b.Priority - a.Priority }) {
		t.Error("not sorted by priority")
	}
}
