package route

import (
	"fmt"
	"testing"

	"pingap-go/message"
)

// locations makes n rules of the kinds that people write: APIs by prefix, some
// exact paths, some expressions, a third of them bound to hosts.
func locations(t testing.TB, n int) []Rule[string] {
	rules := make([]Rule[string], 0, n)
	for i := range n {
		name := fmt.Sprintf("location-%d", i)
		var hosts []string
		if i%3 == 0 {
			hosts = []string{fmt.Sprintf("service-%d.example.com", i/4)}
		}
		switch i % 10 {
		case 7:
			rules = append(rules, mustRule(t, name, hosts, "exact", fmt.Sprintf("/exact/%d", i)))
		case 8:
			rules = append(rules, mustRule(t, name, hosts, "regex", fmt.Sprintf(`^/items-%d/\d+$`, i)))
		default:
			rules = append(rules, mustRule(t, name, hosts, "prefix", fmt.Sprintf("/api/v1/service-%d", i)))
		}
	}
	return rules
}

func TestMatchDoesNotAllocate(t *testing.T) {
	table := New(locations(t, 1000))
	var m Match
	for name, req := range map[string]struct{ authority, path string }{
		"prefix":     {"h", "/api/v1/service-500/x"},
		"exact":      {"h", "/exact/17"},
		"expression": {"h", "/items-28/5"},
		"host":       {"service-75.example.com:80", "/api/v1/service-300"},
		"upper case": {"Service-75.EXAMPLE.com", "/api/v1/service-300"},
		"nothing":    {"h", "/nothing"},
	} {
		r := request("GET", req.authority, req.path)
		if n := testing.AllocsPerRun(100, func() { table.Match(r, &m) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1, 10, 100, 10_000} {
		table := New(locations(b, n))
		path := fmt.Sprintf("/api/v1/service-%d/users/17", n/2-n/2%10)
		b.Run(fmt.Sprintf("locations=%d", n), func(b *testing.B) {
			req, m := request("GET", "service-7.example.com:8080", path), Match{}
			b.ReportAllocs()
			for b.Loop() {
				table.Match(req, &m)
			}
		})
	}
}

func BenchmarkWith(b *testing.B) {
	table := New[string](nil)
	groups := make(map[string][]Rule[string])
	for i, rule := range locations(b, 10_000) {
		name := fmt.Sprintf("service-%d", i%1500)
		groups[name] = append(groups[name], rule)
	}
	table = table.With(groups)
	one := map[string][]Rule[string]{"service-7": groups["service-7"]}
	b.ReportAllocs()
	for b.Loop() {
		table.With(one)
	}
}

// What a table of ten thousand costs beside one of ten, when requests go to all
// of it and nothing of it stays in the processor's cache.
func BenchmarkMatchSpread(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		table := New(locations(b, n))
		requests := make([]*message.Request, 8192)
		for i := range requests {
			at := (i * 7919) % n
			at -= at % 10
			requests[i] = request("GET", fmt.Sprintf("service-%d.example.com", at/4), fmt.Sprintf("/api/v1/service-%d/users/17", at))
		}
		b.Run(fmt.Sprintf("locations=%d", n), func(b *testing.B) {
			var m Match
			i := 0
			for b.Loop() {
				if _, ok := table.Match(requests[i%len(requests)], &m); !ok {
					b.Fatal(requests[i%len(requests)].Path)
				}
				i++
			}
		})
	}
}
