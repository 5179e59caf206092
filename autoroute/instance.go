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
	routes := 0
	for _, text := range e.Tags {
		if p.IsRoute(text) {
			routes++
		}
	}
	i.tags = make([]Tag, 0, routes)
	for _, text := range e.Tags {
		if p.IsRoute(text) {
			i.read(p, text)
		}
	}
	if before != nil && len(i.faults) > 0 {
		for _, t := range before.tags {
			if !i.has(t.Key) {
				i.tags = append(i.tags, t)
			}
		}
	}
	return i
}

func (i *instance) read(p *Parser, text string) {
	t, err := p.Parse(text)
	switch {
	case err != nil:
		i.faults = append(i.faults, fault{text, err.Error()})
	case !i.has(t.Key):
		i.tags = append(i.tags, i.shared(t))
	case !slices.ContainsFunc(i.tags, func(o Tag) bool { return sameTag(o, t) }):
		i.faults = append(i.faults, fault{text, "contradicts another tag of this instance for the same route, which is used"})
	}
}

// shared is the tag with the options of one that has the same, which most have:
// there may be ten thousand.
func (i *instance) shared(t Tag) Tag {
	for k := range i.tags {
		if *i.tags[k].Options == *t.Options {
			t.Options = i.tags[k].Options
			break
		}
	}
	return t
}

func (i *instance) has(key string) bool {
	return slices.ContainsFunc(i.tags, func(t Tag) bool { return t.Key == key })
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
