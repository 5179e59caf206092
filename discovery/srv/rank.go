package srv

import (
	"slices"

	"pingap-go/endpoint"
)

// rank turns priorities into tiers: the lowest of those in use is tier 0, the
// next tier 1. Members that are only held count, so that they keep their rank.
func rank(members []endpoint.Endpoint) []endpoint.Endpoint {
	var priorities []int
	for i := range members {
		priorities = append(priorities, members[i].Tier)
	}
	slices.Sort(priorities)
	priorities = slices.Compact(priorities)
	for i := range members {
		members[i].Tier, _ = slices.BinarySearch(priorities, members[i].Tier)
	}
	return members
}
