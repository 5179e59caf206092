package endpoint

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func ids(list []Endpoint) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestSnapshotIsSortedWithoutDoubles(t *testing.T) {
	s := NewSnapshot(Source{}, []Endpoint{{ID: "b", Weight: 1}, {ID: "a"}, {ID: "b", Weight: 2}}, "")
	if !slices.Equal(ids(s.Endpoints), []string{"a", "b"}) || s.Endpoints[1].Weight != 1 {
		t.Errorf("%+v: want a and the first b", s.Endpoints)
	}
}

func TestConditions(t *testing.T) {
	up, barred := Endpoint{ID: "a"}, Endpoint{ID: "b", Barred: "consul critical: check web"}
	for _, c := range []struct {
		list        []Endpoint
		empty, want Condition
	}{
		{[]Endpoint{barred, up}, Unknown, Populated},
		{[]Endpoint{barred}, Unknown, Unhealthy},
		{nil, Unknown, Unknown},
		{nil, "", Empty},
	} {
		if got := NewSnapshot(Source{}, c.list, c.empty).Condition; got != c.want {
			t.Errorf("%+v, empty means %q: %s, want %s", c.list, c.empty, got, c.want)
		}
	}
}

func TestSameMembersSeesEveryField(t *testing.T) {
	whole := Endpoint{
		ID: "n/a", Name: "a", Node: "n", Address: "127.0.0.1:80", Weight: 1, Tier: 1,
		Tags: []string{"v1"}, Meta: map[string]string{"zone": "a"}, Barred: "why", Note: "consul passing",
	}
	of := func(e Endpoint) Snapshot { return NewSnapshot(Source{Index: 1}, []Endpoint{e}, "") }
	if later := of(whole); !later.SameMembers(NewSnapshot(Source{Index: 2, TTL: time.Second}, []Endpoint{whole}, "")) {
		t.Error("another index is another membership")
	}
	for name, change := range map[string]func(*Endpoint){
		"ID": func(e *Endpoint) { e.ID = "n/b" }, "name": func(e *Endpoint) { e.Name = "b" }, "node": func(e *Endpoint) { e.Node = "m" },
		"address": func(e *Endpoint) { e.Address = "127.0.0.1:81" }, "weight": func(e *Endpoint) { e.Weight = 2 },
		"tier": func(e *Endpoint) { e.Tier = 0 }, "tags": func(e *Endpoint) { e.Tags = []string{"v2"} },
		"meta": func(e *Endpoint) { e.Meta = nil }, "reason": func(e *Endpoint) { e.Barred = "other" }, "note": func(e *Endpoint) { e.Note = "" },
	} {
		other := whole
		change(&other)
		if of(whole).SameMembers(of(other)) {
			t.Errorf("another %s is not noticed", name)
		}
	}
}

// What Compare says, applied to the old membership, gives the new one.
func TestCompareTellsTheWholeDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	any := func() Snapshot {
		var list []Endpoint
		for i := range 8 {
			if random.IntN(2) == 0 {
				list = append(list, Endpoint{ID: fmt.Sprint(i), Weight: random.IntN(3)})
			}
		}
		return NewSnapshot(Source{}, list, "")
	}
	for range 1000 {
		before, after := any(), any()
		looks := 0
		d := Compare(before, after, func() { looks++ })
		if now := NewSnapshot(Source{}, applied(d, before), ""); !now.SameMembers(after) {
			t.Fatalf("from %v to %v it says %+v", before.Endpoints, after.Endpoints, d)
		}
		if d.None() != before.SameMembers(after) {
			t.Fatalf("from %v to %v: none is %t", before.Endpoints, after.Endpoints, d.None())
		}
		if looks < max(len(before.Endpoints), len(after.Endpoints)) {
			t.Fatalf("it let others run %d times", looks)
		}
	}
}

// applied is what a difference makes of a membership. Each endpoint has to be told
// of once, those that have not changed not at all.
func applied(d Diff, before Snapshot) []Endpoint {
	list := map[string]Endpoint{}
	for _, e := range before.Endpoints {
		list[e.ID] = e
	}
	for _, e := range d.Removed {
		delete(list, e.ID)
	}
	for _, e := range d.Changed {
		if was, ok := list[e.ID]; !ok || was.Equal(e) {
			return nil
		}
		list[e.ID] = *e
	}
	for _, e := range d.Added {
		if _, ok := list[e.ID]; ok {
			return nil
		}
		list[e.ID] = *e
	}
	return slices.Collect(maps.Values(list))
}

func TestSourceReadsWell(t *testing.T) {
	for want, s := range map[string]Source{
		"consul service api in dc1 (index 42)": {Kind: "consul", Detail: "service api in dc1", Index: 42},
		"srv _api._tcp.x (ttl 5s)":             {Kind: "srv", Detail: "_api._tcp.x", TTL: 5 * time.Second},
		"static":                               {Kind: "static"},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
