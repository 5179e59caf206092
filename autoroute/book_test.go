package autoroute

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pingap-go/endpoint"
)

// members makes a snapshot of "ID: tag; tag" lines; "!" in front of an ID says
// that the instance is unhealthy.
func members(lines ...string) endpoint.Snapshot {
	var list []endpoint.Endpoint
	for _, line := range lines {
		id, tags, _ := strings.Cut(line, ": ")
		e := endpoint.Endpoint{ID: strings.TrimPrefix(id, "!"), Name: strings.TrimPrefix(id, "!"), Weight: 1}
		if strings.HasPrefix(id, "!") {
			e.Barred = "consul critical"
		}
		for tag := range strings.SplitSeq(tags, "; ") {
			e.Tags = append(e.Tags, tag)
		}
		list = append(list, e)
	}
	return endpoint.NewSnapshot(endpoint.Source{Kind: "consul"}, list, endpoint.Unknown)
}

// shares reads a route as "service share" parts, instances' shares in brackets.
func shares(r *Route, snapshots map[string]endpoint.Snapshot) string {
	if r == nil {
		return "none"
	}
	var parts []string
	for _, l := range r.Legs {
		part := fmt.Sprintf("%s %.3g (", l.Service, l.Share)
		for i, e := range snapshots[l.Service].Endpoints {
			if w, ok := l.Weigh(&snapshots[l.Service].Endpoints[i]); ok {
				part += fmt.Sprintf(" %s %.3g", e.ID, w)
			}
		}
		parts = append(parts, part+" )")
	}
	return strings.Join(parts, ", ")
}

// fabio's rule: a weight is a fixed share, the rest is divided evenly; more than
// everything is scaled down, and up when nobody takes the rest.
func TestWeights(t *testing.T) {
	for _, c := range []struct {
		name     string
		services map[string][]string
		want     string
	}{
		{"no weights", map[string][]string{"a": {"a1: urlprefix-/x", "a2: urlprefix-/x"}}, "a 1 ( a1 0.5 a2 0.5 )"},
		{"a canary within a service", map[string][]string{"a": {"a1: urlprefix-/x", "a2: urlprefix-/x weight=0.1", "a3: urlprefix-/x"}},
			"a 1 ( a1 0.45 a2 0.1 a3 0.45 )"},
		{"two services", map[string][]string{"a": {"a1: urlprefix-/x", "a2: urlprefix-/x"}, "b": {"b1: urlprefix-/x weight=0.2"}},
			"a 0.8 ( a1 0.4 a2 0.4 ), b 0.2 ( b1 0.2 )"},
		{"more than everything", map[string][]string{"a": {"a1: urlprefix-/x weight=0.9"}, "b": {"b1: urlprefix-/x weight=0.9", "b2: urlprefix-/x"}},
			"a 0.5 ( a1 0.5 ), b 0.5 ( b1 0.5 b2 0 )"},
		{"less than everything, and nobody else", map[string][]string{"a": {"a1: urlprefix-/x weight=0.2"}, "b": {"b1: urlprefix-/x weight=0.2"}},
			"a 0.5 ( a1 0.5 ), b 0.5 ( b1 0.5 )"},
		{"an unhealthy one leaves its share to the others", map[string][]string{"a": {"a1: urlprefix-/x"}, "b": {"!b1: urlprefix-/x weight=0.7"}},
			"a 1 ( a1 1 ), b 0 ( b1 0.7 )"},
		{"nobody is healthy", map[string][]string{"a": {"!a1: urlprefix-/x"}}, "a 0 ( a1 1 )"},
		{"another treatment is another leg", map[string][]string{"a": {"a1: urlprefix-/x", "a2: urlprefix-/x strip=/x"}},
			"a 0.5 ( a1 0.5 ), a 0.5 ( a2 0.5 )"},
	} {
		t.Run(c.name, func(t *testing.T) {
			book, snapshots := NewBook(fabio), map[string]endpoint.Snapshot{}
			for name, lines := range c.services {
				snapshots[name] = members(lines...)
				book.Set(name, snapshots[name])
			}
			if got := shares(book.Route("/x"), snapshots); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// Each story begins with two instances on /a and one step after another; after
// each the book has these routes and problems.
func TestStories(t *testing.T) {
	type step struct {
		members  []string
		changed  string // keys
		routes   string // "key=instances" of all routes
		problems string // "instance tag" of all problems
	}
	begin := step{[]string{"i1: urlprefix-/a", "i2: urlprefix-/a"}, "/a", "/a=i1,i2", ""}
	for name, steps := range map[string][]step{
		"a tag is rewritten": {
			{[]string{"i1: urlprefix-/b", "i2: urlprefix-/a"}, "/a /b", "/a=i2 /b=i1", ""},
			{[]string{"i1: urlprefix-/b", "i2: urlprefix-/b"}, "/a /b", "/b=i1,i2", ""},
		},
		"nothing of ours changes": {
			{[]string{"i1: urlprefix-/a; v2", "i2: urlprefix-/a"}, "", "/a=i1,i2", ""},
		},
		"a bad tag affects its instance alone": {
			{[]string{"i1: urlprefix-/a", "i2: urlprefix-/a", "i3: urlprefix-/a weight=lots"}, "/a", "/a=i1,i2", "i3 urlprefix-/a weight=lots"},
		},
		"an instance whose tag goes bad keeps its route until it is good again": {
			{[]string{"i1: urlprefix-/a weight=lots", "i2: urlprefix-/a"}, "", "/a=i1,i2", "i1 urlprefix-/a weight=lots"},
			{[]string{"i1: urlprefix-/a weight=0.1", "i2: urlprefix-/a"}, "/a", "/a=i1,i2", ""},
		},
		"a good tag beside the bad one counts": {
			{[]string{"i1: urlprefix-/b; urlprefix-:1 proto=tcp", "i2: urlprefix-/a"}, "/a /b", "/a=i1,i2 /b=i1", "i1 urlprefix-:1 proto=tcp"},
		},
		"a tag that is taken away is gone": {
			{[]string{"i1: v2", "i2: urlprefix-/a"}, "/a", "/a=i2", ""},
		},
		"a deployment with a slip in its tag keeps the service's last routes": {
			{[]string{"i2: urlprefix-/a", "j1: urlprefix-/a strip=a"}, "/a", "/a=i2", "j1 urlprefix-/a strip=a"},
			{[]string{"j1: urlprefix-/a strip=a", "j2: urlprefix-/a strip=a"}, "/a", "/a=j1,j2", "j1 urlprefix-/a strip=a,j2 urlprefix-/a strip=a"},
			{[]string{"k1: urlprefix-/a strip=/a"}, "/a", "/a=k1", ""},
		},
		"an instance that contradicts itself uses its first word": {
			{[]string{"i1: urlprefix-/a strip=/a; urlprefix-/a strip=/b", "i2: urlprefix-/a"}, "/a", "/a=i1,i2", "i1 urlprefix-/a strip=/b"},
		},
		"the same said twice is no contradiction": {
			{[]string{"i1: urlprefix-/a; urlprefix-/a ", "i2: urlprefix-/a"}, "", "/a=i1,i2", ""},
		},
		"an unhealthy service keeps its route": {
			{[]string{"!i1: urlprefix-/a", "!i2: urlprefix-/a"}, "/a", "/a=i1,i2", ""},
		},
		"the last instance goes": {{nil, "/a", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			book := NewBook(fabio)
			for n, s := range append([]step{begin}, steps...) {
				changed := strings.Join(book.Set("web", members(s.members...)), " ")
				var routes, problems []string
				for _, key := range book.Keys() {
					routes = append(routes, key+"="+strings.Join(book.Route(key).Instances(), ","))
				}
				for _, p := range book.Problems() {
					problems = append(problems, p.Instance+" "+p.Tag)
				}
				if changed != s.changed || strings.Join(routes, " ") != s.routes || strings.Join(problems, ",") != s.problems {
					t.Fatalf("step %d: changed %q, routes %q, problems %q\nwant %+v", n, changed, routes, problems, s)
				}
			}
		})
	}
}

func TestRemoveLeavesTheOthers(t *testing.T) {
	book := NewBook(fabio)
	book.Set("a", members("a1: urlprefix-/x; urlprefix-/a"))
	book.Set("b", members("b1: urlprefix-/x"))
	if got := book.Remove("a"); !slices.Equal(got, []string{"/a", "/x"}) {
		t.Errorf("changed %v", got)
	}
	if r := book.Route("/x"); r == nil || !slices.Equal(r.Services(), []string{"b"}) || book.Route("/a") != nil {
		t.Errorf("routes are %v", book.Keys())
	}
}

// A leg knows instances that came after it was made by their tags: between a
// membership change and the new table nobody is without a host.
func TestLegKnowsInstancesThatCameLater(t *testing.T) {
	book := NewBook(fabio)
	book.Set("web", members("i1: urlprefix-/a", "i2: urlprefix-/a"))
	leg := book.Route("/a").Legs[0]
	late := members("j1: urlprefix-/a", "j2: urlprefix-/b", "j3: urlprefix-/a strip=/a")
	for i, want := range []bool{true, false, false} {
		w, ok := leg.Weigh(&late.Endpoints[i])
		if ok != want || ok && math.Abs(w-0.5) > 1e-9 {
			t.Errorf("%s: weight %v, %v", late.Endpoints[i].ID, w, ok)
		}
	}
}

// At 1,500 services with 10,000 routes a change of one service costs that
// service's routes, and nothing is said of the others.
func TestAChangeCostsWhatItTouches(t *testing.T) {
	const services, routes = 1500, 10_000
	book := NewBook(fabio)
	tags := func(n int) string {
		var list []string
		for i := n; i < routes; i += services {
			list = append(list, fmt.Sprintf("urlprefix-host-%d.example.com/path/%d", n%200, i))
		}
		return strings.Join(list, "; ")
	}
	for n := range services {
		if changed := book.Set(fmt.Sprintf("service-%d", n), members("i1: "+tags(n))); len(changed) > 7 {
			t.Fatalf("service %d changes %d routes", n, len(changed))
		}
	}
	if n := len(book.Keys()); n != routes {
		t.Fatalf("%d routes", n)
	}
	if changed := book.Set("service-7", members("i1: "+tags(7)+"; urlprefix-/new")); len(changed) != 8 {
		t.Errorf("a new tag changes %d routes", len(changed))
	}
	if changed := book.Set("service-8", members("i1: "+tags(8)+"; v2")); len(changed) != 0 {
		t.Errorf("a tag that is no route changes %d routes", len(changed))
	}
	if changed := book.Set("service-9", members("i1: "+tags(9), "i2: "+tags(9))); len(changed) != 7 {
		t.Errorf("a second instance changes %d routes", len(changed))
	}
}
