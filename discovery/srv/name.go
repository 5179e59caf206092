package srv

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/internal/resolver"
)

// priorityKey is where an endpoint's metadata holds its priority.
const priorityKey = "priority"

// name follows one SRV name. It belongs to the watcher's goroutine.
type name struct {
	text     string
	resolver *resolver.Resolver
	targets  *targets
	last     discovery.Part
}

func newName(text string, r *resolver.Resolver, o Options) *name {
	known := make([]endpoint.Endpoint, 0, len(o.Seed.Endpoints))
	for _, e := range o.seeds() {
		e.Tier, _ = strconv.Atoi(e.Meta[priorityKey])
		known = append(known, e)
	}
	return &name{
		text: text, resolver: r, targets: newTargets(r, known),
		last: discovery.Part{Members: known, Roster: discovery.NewRoster(o.Hold, known)},
	}
}

// refresh asks once. Until they are ranked, an endpoint's tier is its priority.
func (n *name) refresh(ctx context.Context) discovery.Part {
	answer, err := n.resolver.Ask(ctx, n.text, dns.TypeSRV)
	if err != nil {
		n.last.Err = fmt.Errorf("ask for SRV %s: %w", n.text, err)
		return n.last
	}
	n.targets.refresh(ctx, answer)
	seen := make([]endpoint.Endpoint, 0, len(answer.SRV))
	for _, record := range answer.SRV {
		if record.Target != "." { // "decidedly not available", RFC 2782
			seen = append(seen, n.describe(record))
		}
	}
	roster := n.last.Roster
	n.last = discovery.Part{
		Members: roster.Merge(time.Now(), seen, answer.Complete), Roster: roster,
		Unknown: answer.Unknown, TTL: answer.TTL, Server: answer.Server,
	}
	return n.last
}

func (n *name) describe(record *dns.SRV) endpoint.Endpoint {
	target, port := dns.CanonicalName(record.Target), strconv.Itoa(int(record.Port))
	id := strings.TrimSuffix(target, ".") + ":" + port
	e := endpoint.Endpoint{
		ID: id, Name: id, Address: id,
		Weight: int(record.Weight), Tier: int(record.Priority),
		Meta: map[string]string{priorityKey: strconv.Itoa(int(record.Priority))},
	}
	addr, note := n.targets.address(target)
	if addr.IsValid() {
		e.Address, e.Note = net.JoinHostPort(addr.String(), port), note
	} else {
		e.Barred = note
	}
	return e
}

// known is the address that a seeded endpoint had.
func known(e endpoint.Endpoint) (target string, addr netip.Addr, ok bool) {
	target, _, err := net.SplitHostPort(e.Name)
	if err != nil {
		return "", addr, false
	}
	at, err := netip.ParseAddrPort(e.Address)
	return dns.CanonicalName(target), at.Addr(), err == nil
}
