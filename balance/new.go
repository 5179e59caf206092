package balance

import (
	"fmt"
	"strings"
	"sync/atomic"

	"pingap-go/internal/nearest"
)

// DefaultBound is the load factor of hash policies when the user names none:
// no host gets more than 1.25 times its share of the requests under way.
const DefaultBound = 1.25

// Settings tune a policy. The zero value suits every policy.
type Settings struct {
	// Start is where a rotation begins. 0 begins at the first candidate; a random
	// number keeps a fleet of fresh sidecars from all beginning at the same host.
	Start uint64
	// Bound is the load factor of hash policies: a host is passed over while it
	// has Bound times its share of the requests under way. 0 is no bound; a bound
	// needs InFlight.
	Bound float64
	// InFlight counts the tries under way in the whole pool. The pool writes it.
	InFlight *atomic.Int64
	// Sticky makes pickers honour Ask.Sticky.
	Sticky bool
}

// Names lists the algorithms that New knows; "hash:" is followed by what to hash.
func Names() []string {
	return []string{
		"round_robin", "weighted_round_robin", "least_conn", "random", "p2c", "ewma", "ip_hash",
		"hash:url", "hash:path", "hash:ip", "hash:header:NAME", "hash:cookie:NAME", "hash:query:NAME",
	}
}

// New returns the policy of an algorithm's name; the empty name is round_robin.
// The error names the nearest known algorithm and lists them all.
func New(name string, s Settings) (Policy, error) {
	build, err := builderOf(name, s)
	if err != nil {
		return nil, err
	}
	return &policy{build: build, sticky: s.Sticky}, nil
}

// builder makes an algorithm's picker. It gets one candidate at least, and no
// weight that is not a positive, finite number.
type builder func(candidates []Candidate) Picker

func builderOf(name string, s Settings) (builder, error) {
	switch name {
	case "", "round_robin", "weighted_round_robin":
		return roundRobinBuilder(s.Start), nil
	case "least_conn":
		return leastConnBuilder(s.Start), nil
	case "random":
		return newRandom, nil
	case "p2c":
		return newP2C, nil
	case "ewma":
		return newPeakEWMA, nil
	}
	if _, ok := ParseKey(name); ok {
		return hashBuilder(s)
	}
	return nil, unknownName(name)
}

func unknownName(name string) error {
	hint := ""
	if near := nearest.Name(name, Names()); near != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", near)
	}
	return fmt.Errorf("algorithm %q is not known%s; known are %s", name, hint, strings.Join(Names(), ", "))
}

// policy does what all algorithms have in common: the empty list, candidates of
// weight 0 and sticky requests.
type policy struct {
	build  builder
	sticky bool
}

func (p *policy) Picker(candidates []Candidate) Picker {
	if len(candidates) == 0 {
		return nobody{}
	}
	picker := withReserve(candidates, p.build)
	if p.sticky {
		picker = newSticky(candidates, picker)
	}
	return picker
}

// nobody is the picker over no candidates.
type nobody struct{}

func (nobody) Pick(*Ask) int { return -1 }
