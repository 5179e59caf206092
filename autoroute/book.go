package autoroute

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"pingap-go/endpoint"
)

// Book is what the tags of all instances say together. It belongs to one
// goroutine; the Routes that it gives away are immutable.
type Book struct {
	parser   Parser
	services map[string]*service
	// owners are the services of each route, by its key.
	owners map[string][]*service // by name; hardly ever more than one
}

// service is what the tags of one service's instances say.
type service struct {
	name      string
	parser    *Parser
	instances map[string]*instance // by endpoint ID
	later     sync.Map             // of *instance, by endpoint ID: what reads has read
}

// Problem is a tag that could not be used or, without Instance and Tag, what is
// wrong with all routes of a service.
type Problem struct {
	Service, Instance, Tag string
	// Reason is a sentence.
	Reason string
}

// NewBook makes an empty book.
func NewBook(p Parser) *Book {
	return &Book{parser: p, services: map[string]*service{}, owners: map[string][]*service{}}
}

// SetDatacenter gives $DC its value; it counts for what Set is given from then on.
func (b *Book) SetDatacenter(name string) { b.parser.Datacenter = name }

// Set takes in a service's new instances and returns the keys of the routes that
// may have changed, sorted.
func (b *Book) Set(name string, s endpoint.Snapshot) []string {
	before := b.services[name]
	after := newService(name, b.parser, s, before)
	b.services[name] = after
	return b.turn(name, before, after)
}

// Remove forgets a service and returns the keys of its routes.
func (b *Book) Remove(name string) []string {
	before := b.services[name]
	delete(b.services, name)
	return b.turn(name, before, nil)
}

// turn replaces a service in the index of owners.
func (b *Book) turn(name string, before, after *service) []string {
	if before.same(after) {
		return nil
	}
	changed := map[string]bool{}
	for key := range before.keys() {
		changed[key] = true
		b.own(key, name, nil)
	}
	for key := range after.keys() {
		changed[key] = true
		b.own(key, name, after)
	}
	return slices.Sorted(maps.Keys(changed))
}

// own puts a service among the owners of a route in the place of the one of its
// name; nil takes it out.
func (b *Book) own(key, name string, s *service) {
	owners := b.owners[key]
	i, there := slices.BinarySearchFunc(owners, name, func(o *service, name string) int { return cmp.Compare(o.name, name) })
	switch {
	case s != nil && there:
		owners[i] = s
	case s != nil:
		b.owners[key] = slices.Insert(slices.Clip(owners), i, s)
	case there && len(owners) == 1:
		delete(b.owners, key)
	case there:
		b.owners[key] = slices.Delete(owners, i, i+1)
	}
}

// Has reports whether a service has routes.
func (b *Book) Has(name string) bool { return len(b.services[name].keys()) > 0 }

// Keys are the keys of all routes, sorted.
func (b *Book) Keys() []string { return slices.Sorted(maps.Keys(b.owners)) }

// Problems lists the tags that could not be used, by service and instance.
func (b *Book) Problems() []Problem {
	var list []Problem
	for _, name := range slices.Sorted(maps.Keys(b.services)) {
		for _, i := range b.services[name].sorted() {
			for _, f := range i.faults {
				list = append(list, Problem{Service: name, Instance: i.endpoint.Name, Tag: f.tag, Reason: f.reason})
			}
		}
	}
	return list
}

func newService(name string, p Parser, s endpoint.Snapshot, before *service) *service {
	after := &service{name: name, parser: &p, instances: map[string]*instance{}}
	for _, e := range s.Endpoints {
		after.instances[e.ID] = readInstance(&p, e, before.instance(e.ID))
	}
	after.inherit(before)
	return after
}

// inherit keeps the last routes of a service none of whose tags can be read any
// more, as after a deployment with a slip in its tags: the new instances take the
// places of the old ones.
func (s *service) inherit(before *service) {
	if before == nil || len(s.keys()) > 0 {
		return
	}
	var last []Tag
	known := map[string]bool{}
	for _, i := range before.sorted() {
		for _, t := range i.tags {
			if !known[t.Key] {
				known[t.Key] = true
				last = append(last, t)
			}
		}
	}
	for _, i := range s.instances {
		if len(i.faults) > 0 {
			i.tags = last
		}
	}
}

// instance returns what is known of an endpoint, nil for nothing.
func (s *service) instance(id string) *instance {
	if s == nil {
		return nil
	}
	return s.instances[id]
}

// reads is what an endpoint's tags say, also of one that came or changed later. Each of
// the service's routes asks that, perhaps thousands, while requests wait: what was read
// for one is there for the others. Any goroutine may call it.
func (s *service) reads(e *endpoint.Endpoint) *instance {
	before := s.instance(e.ID)
	if before != nil && slices.Equal(before.endpoint.Tags, e.Tags) {
		return before
	}
	if known, ok := s.later.Load(e.ID); ok && slices.Equal(known.(*instance).endpoint.Tags, e.Tags) {
		return known.(*instance)
	}
	now := readInstance(s.parser, *e, before)
	s.later.Store(e.ID, now)
	return now
}

// keys are the keys of the service's routes.
func (s *service) keys() map[string]bool {
	keys := map[string]bool{}
	if s == nil {
		return keys
	}
	for _, i := range s.instances {
		for _, t := range i.tags {
			keys[t.Key] = true
		}
	}
	return keys
}

// same reports whether two states of a service make the same routes.
func (s *service) same(o *service) bool {
	if s == nil || o == nil {
		return s == o
	}
	return maps.EqualFunc(s.instances, o.instances, func(a, b *instance) bool {
		return a.endpoint.Eligible() == b.endpoint.Eligible() && slices.EqualFunc(a.tags, b.tags, sameTag)
	})
}

// sorted are the instances in the order of their IDs.
func (s *service) sorted() []*instance {
	return slices.SortedFunc(maps.Values(s.instances), func(a, b *instance) int {
		return cmp.Compare(a.endpoint.ID, b.endpoint.ID)
	})
}
