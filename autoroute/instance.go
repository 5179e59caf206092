package autoroute

import (
	"slices"

	"pingap-go/endpoint"
)

// instance is what the tags of one instance say. It is immutable.
type instance struct {
	endpoint endpoint.Endpoint
	// tags are in force: those that could be read, and those from before that
	// stay because others could not be.
	tags []Tag
	// faults are the tags that could not be used.
	faults []fault
}

type fault struct{ tag, reason string }

// readInstance reads an instance's tags. before is what it said earlier, nil for
// nothing: where a tag cannot be read, nobody can tell which route it was meant
// to be, so the routes of before that no readable tag replaces stay.
func readInstance(p *Parser, e endpoint.Endpoint, before *instance) *instance {
	i := &instance{endpoint: e}
	if before != nil && slices.Equal(before.endpoint.Tags, e.Tags) {
		i.tags, i.faults = before.tags, before.faults
		return i
	}
	r := newReading(p, i)
	for _, text := range e.Tags {
		if p.IsRoute(text) {
			r.read(text)
		}
	}
	if before != nil && len(i.faults) > 0 {
		for _, t := range before.tags {
			if _, there := r.places[t.Key]; !there {
				i.tags = append(i.tags, t)
			}
		}
	}
	return i
}

// reading is an instance whose tags are being read, of which there may be ten thousand:
// each is looked for among the others.
type reading struct {
	*instance
	parser *Parser
	places map[string]int       // of tags, by key
	shared map[Options]*Options // most tags have the same
}

func newReading(p *Parser, i *instance) *reading {
	routes := 0
	for _, text := range i.endpoint.Tags {
		if p.IsRoute(text) {
			routes++
		}
	}
	i.tags = make([]Tag, 0, routes)
	return &reading{instance: i, parser: p, places: make(map[string]int, routes), shared: map[Options]*Options{}}
}

func (r *reading) read(text string) {
	t, err := r.parser.Parse(text)
	at, twice := r.places[t.Key]
	switch {
	case err != nil:
		r.faults = append(r.faults, fault{text, err.Error()})
	case !twice:
		if same := r.shared[*t.Options]; same != nil {
			t.Options = same
		}
		r.shared[*t.Options] = t.Options
		r.places[t.Key] = len(r.tags)
		r.tags = append(r.tags, t)
	case !sameTag(r.tags[at], t):
		r.faults = append(r.faults, fault{text, "contradicts another tag of this instance for the same route, which is used"})
	}
}

// tag returns what the instance says of a route.
func (i *instance) tag(key string) (Tag, bool) {
	for _, t := range i.tags {
		if t.Key == key {
			return t, true
		}
	}
	return Tag{}, false
}

// sameTag reports whether two tags mean the same.
func sameTag(a, b Tag) bool {
	return a.Key == b.Key && a.Weight == b.Weight && *a.Options == *b.Options
}
