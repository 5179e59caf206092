// Package endpoint holds the leaf values that cross every seam of pingap:
// one discovered instance (Endpoint), the complete membership of a service at
// one instant (Snapshot), and what changed between two of them (Diff).
//
// A watcher builds a Snapshot and hands it over; from then on nobody writes to
// it. Identity is the registry's own: two endpoints with the same ID are the
// same instance, whatever their address, tags or weight say today.
//
//	snap := endpoint.NewSnapshot(endpoint.Source{Kind: "static"}, endpoints, endpoint.Empty)
//	diff := endpoint.Compare(previous, snap, nil)
//
// The package imports nothing of ours and does no I/O.
package endpoint

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Endpoint is one discovered instance, as its registry describes it.
type Endpoint struct {
	// ID identifies the instance within its pool across membership changes.
	// For Consul it is "node/serviceID", for SRV "target:port", otherwise the
	// address. It is never empty.
	ID string
	// Name is what the registry calls the instance and what users see as its
	// id: Consul's service ID, "target:port" for SRV, otherwise the address.
	Name string
	// Node is Consul's node name; empty for the other kinds.
	Node string
	// Address is where to connect: "ip:port", "[ip6]:port", "name:port" (static
	// only) or "unix:/path".
	Address string
	// Weight is the share of traffic relative to the other endpoints.
	// 0 means "only when nobody else is left" (RFC 2782).
	Weight int
	// Tier orders failover: the pool uses the lowest tier that has an eligible
	// endpoint. 0 is the preferred one.
	Tier int
	// Tags and Meta are the registry's; they are never written to.
	Tags []string
	Meta map[string]string
	// Barred is why the registry itself keeps this instance from serving
	// ("consul critical: check web-http"), or empty when it may serve.
	Barred string
	// Note is what the registry says of an instance that may serve
	// ("consul passing").
	Note string
}

// Eligible reports whether the registry lets this instance serve.
func (e *Endpoint) Eligible() bool { return e.Barred == "" }

// Equal reports whether two endpoints describe the same instance in the same way.
func (e *Endpoint) Equal(o *Endpoint) bool {
	return e.ID == o.ID && e.Name == o.Name && e.Node == o.Node && e.Address == o.Address &&
		e.Weight == o.Weight && e.Tier == o.Tier && e.Barred == o.Barred && e.Note == o.Note &&
		slices.Equal(e.Tags, o.Tags) && maps.Equal(e.Meta, o.Meta)
}

// Condition says what kind of truth a snapshot is.
type Condition string

// The conditions of a pool's membership. A pool that has had no answer yet has
// no snapshot and is NotSynced or Denied.
const (
	NotSynced Condition = "not_synced" // no answer yet
	Denied    Condition = "denied"     // no answer yet: the registry hides it from us
	Populated Condition = "populated"  // at least one eligible endpoint
	Unhealthy Condition = "unhealthy"  // instances exist, the registry bars all of them
	Empty     Condition = "empty"      // the service exists, no instance matches what was asked for
	Unknown   Condition = "unknown"    // the registry does not know the service or name
)

// Source says where a snapshot came from, for people.
type Source struct {
	Kind   string        // "consul", "srv", "dns", "static", "file"
	Detail string        // "service api dc1", "_api._tcp.service.consul @127.0.0.1:53"
	Index  uint64        // Consul's index; 0 elsewhere
	TTL    time.Duration // DNS TTL; 0 elsewhere
}

// String reads "consul service api dc1 (index 42)" or "srv _api._tcp.x (ttl 5s)".
func (s Source) String() string {
	text := s.Kind
	if s.Detail != "" {
		text += " " + s.Detail
	}
	switch {
	case s.Index > 0:
		return text + " (index " + strconv.FormatUint(s.Index, 10) + ")"
	case s.TTL > 0:
		return text + " (ttl " + s.TTL.String() + ")"
	}
	return text
}

// Snapshot is the complete membership of one service at one instant.
// It is immutable once built. The zero Snapshot is an empty one.
type Snapshot struct {
	Endpoints []Endpoint // sorted by ID, IDs unique
	Condition Condition
	Source    Source
	// Saved is when the snapshot was written to disk, for one that was restored
	// from there at start; zero for one that comes from the registry.
	Saved time.Time
}

// NewSnapshot sorts endpoints by ID, drops all but the first of equal IDs and
// derives the condition; empty says which condition an empty list stands for
// (Empty when it is ""). It takes ownership of the slice.
func NewSnapshot(src Source, endpoints []Endpoint, empty Condition) Snapshot {
	byID := func(a, b Endpoint) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(endpoints, byID) {
		slices.SortStableFunc(endpoints, byID)
	}
	endpoints = slices.CompactFunc(endpoints, func(a, b Endpoint) bool { return a.ID == b.ID })
	return Snapshot{Endpoints: endpoints, Condition: conditionOf(endpoints, empty), Source: src}
}

func conditionOf(endpoints []Endpoint, empty Condition) Condition {
	if len(endpoints) == 0 {
		return cmp.Or(empty, Empty)
	}
	for i := range endpoints {
		if endpoints[i].Eligible() {
			return Populated
		}
	}
	return Unhealthy
}

// SameMembers reports whether two snapshots list equal endpoints under the same
// condition; source and index may differ.
func (s Snapshot) SameMembers(o Snapshot) bool {
	return s.Condition == o.Condition && slices.EqualFunc(s.Endpoints, o.Endpoints,
		func(a, b Endpoint) bool { return a.Equal(&b) })
}

// Diff is what one membership change did. It points into the two snapshots.
type Diff struct {
	Added   []*Endpoint
	Changed []*Endpoint // same ID, another description; the new one
	Removed []*Endpoint // the old description
}

// None reports whether nothing has changed.
func (d *Diff) None() bool { return len(d.Added)+len(d.Changed)+len(d.Removed) == 0 }

// Compare tells old from new by ID. Both must be sorted, as NewSnapshot leaves
// them. It calls between, if that is not nil, after each ID: with thousands of them
// the caller may have to let others run.
func Compare(old, new Snapshot, between func()) Diff {
	var d Diff
	i, j := 0, 0
	for i < len(old.Endpoints) || j < len(new.Endpoints) {
		switch {
		case j == len(new.Endpoints) || i < len(old.Endpoints) && old.Endpoints[i].ID < new.Endpoints[j].ID:
			d.Removed = append(d.Removed, &old.Endpoints[i])
			i++
		case i == len(old.Endpoints) || new.Endpoints[j].ID < old.Endpoints[i].ID:
			d.Added = append(d.Added, &new.Endpoints[j])
			j++
		default:
			if !old.Endpoints[i].Equal(&new.Endpoints[j]) {
				d.Changed = append(d.Changed, &new.Endpoints[j])
			}
			i, j = i+1, j+1
		}
		if between != nil {
			between()
		}
	}
	return d
}
