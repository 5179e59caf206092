package autoroute

import (
	"cmp"
	"slices"

	"pingap-go/endpoint"
	"pingap-go/route"
)

// Route is everything that tags say about one host and path. It is immutable.
type Route struct {
	Key  string
	Host route.Host
	Path route.Path
	// Legs are where its requests go; there is at least one. Their shares add up
	// to one, or are all 0 when no instance is healthy.
	Legs []Leg
}

// Leg is the part of a route that goes to the instances of one service that want
// to be treated alike.
type Leg struct {
	Service string
	Options *Options
	// Share is its part of the route's requests.
	Share float64
	// Instances and Tags are who asked for it, and how, for people.
	Instances, Tags []string

	key      string
	service  *service
	weighing *weighing
}

// weighing is how fabio divides a route's traffic among its instances: one with
// a weight gets that share, those without get equal parts of the rest. Shares
// that add up to more than 1 are scaled down, and up when nobody takes the rest.
type weighing struct{ scale, rest float64 }

// share is the part of one instance.
func (w *weighing) share(t Tag) float64 {
	if t.Weight > 0 {
		return t.Weight * w.scale
	}
	return w.rest
}

// Weigh is the part of the leg's requests that an instance gets, relative to the
// others'; ok is false for one that is not in the leg. It answers for instances
// that came after the leg was made, too, by their tags.
func (l *Leg) Weigh(e *endpoint.Endpoint) (weight float64, ok bool) {
	t, ok := l.service.reads(e).tag(l.key)
	if !ok || *t.Options != *l.Options {
		return 0, false
	}
	return l.weighing.share(t), true
}

// target is one instance on a route.
type target struct {
	service  *service
	instance *instance
	tag      Tag
}

// Route returns the route of a key as it is now, nil when there is none.
func (b *Book) Route(key string) *Route {
	targets := b.targets(key)
	if len(targets) == 0 {
		return nil
	}
	r := &Route{Key: key, Host: targets[0].tag.Host, Path: targets[0].tag.Path}
	w := weigh(targets)
	for _, t := range targets {
		l := r.leg(t, w)
		l.Instances = append(l.Instances, t.instance.endpoint.Name)
		if !slices.Contains(l.Tags, t.tag.Text) {
			l.Tags = append(l.Tags, t.tag.Text)
		}
		if t.instance.endpoint.Eligible() {
			l.Share += w.share(t.tag)
		}
	}
	return r
}

// targets are the instances on a route, by service and ID.
func (b *Book) targets(key string) []target {
	var targets []target
	for _, s := range b.owners[key] {
		for _, i := range s.sorted() {
			if t, ok := i.tag(key); ok {
				targets = append(targets, target{s, i, t})
			}
		}
	}
	return targets
}

// leg finds the leg of a target, or makes it.
func (r *Route) leg(t target, w *weighing) *Leg {
	for i := range r.Legs {
		if l := &r.Legs[i]; l.Service == t.service.name && *l.Options == *t.tag.Options {
			return l
		}
	}
	r.Legs = append(r.Legs, Leg{Service: t.service.name, Options: t.tag.Options, key: r.Key, service: t.service, weighing: w})
	return &r.Legs[len(r.Legs)-1]
}

// weigh divides a route among the targets that may serve.
func weigh(targets []target) *weighing {
	fixed, even, sum := 0, 0, 0.0
	for _, t := range targets {
		switch {
		case !t.instance.endpoint.Eligible():
		case t.tag.Weight > 0:
			fixed++
			sum += t.tag.Weight
		default:
			even++
		}
	}
	w := &weighing{scale: 1, rest: 1 / float64(max(even, 1))}
	if fixed == 0 {
		return w
	}
	if sum > 1 || even == 0 {
		w.scale = 1 / sum
	}
	w.rest = max(0, 1-sum) / float64(max(even, 1))
	return w
}

// Services are the services of the route's legs, each once.
func (r *Route) Services() []string {
	var names []string
	for _, l := range r.Legs {
		names = append(names, l.Service)
	}
	return slices.Compact(names)
}

// Instances are the names of all instances that asked for the route, sorted.
func (r *Route) Instances() []string {
	var names []string
	for _, l := range r.Legs {
		names = append(names, l.Instances...)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return slices.Compact(names)
}
