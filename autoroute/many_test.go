package autoroute

import (
	"fmt"
	"testing"

	"pingap-go/endpoint"
)

// Of an instance whose tags have changed each route asks what they say now, on the path
// of a request. They are read for the first one.
func TestTagsAreReadOnceForAllRoutes(t *testing.T) {
	const routes = 1000
	instance := func(weight int) endpoint.Endpoint {
		e := endpoint.Endpoint{ID: "a", Name: "a", Address: "a:80"}
		for i := range routes {
			e.Tags = append(e.Tags, fmt.Sprintf("urlprefix-/r%d weight=0.%d", i, weight))
		}
		return e
	}
	b := NewBook(Parser{Prefix: "urlprefix-"})
	b.Set("web", endpoint.NewSnapshot(endpoint.Source{}, []endpoint.Endpoint{instance(1)}, endpoint.Empty))
	first, second, changed := b.Route("/r1"), b.Route("/r2"), instance(2)
	for _, r := range []*Route{first, second} {
		if w, ok := r.Legs[0].Weigh(&changed); !ok || w <= 0 {
			t.Errorf("%s: %v, %v", r.Key, w, ok)
		}
	}
	if n := testing.AllocsPerRun(10, func() { second.Legs[0].Weigh(&changed) }); n > 1 {
		t.Errorf("another route makes %v allocations of what was read already", n)
	}
}
