package srv

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"

	"pingap-go/endpoint"
	"pingap-go/internal/resolver"
)

// lookups bounds how many targets are looked up at once.
const lookups = 8

// targets knows the address of each target. Where a target has several, one is
// used and kept as long as it is listed; IPv4 goes first. (An endpoint for each
// address would multiply the target's weight.)
type targets struct {
	resolver *resolver.Resolver
	found    map[string]target
}

type target struct {
	addr    netip.Addr // zero when there is none
	note    string     // where addr is from, or why there is none
	expires time.Time  // of a look-up of our own
}

func newTargets(r *resolver.Resolver, seed []endpoint.Endpoint) *targets {
	t := &targets{resolver: r, found: make(map[string]target, len(seed))}
	for _, e := range seed {
		if name, addr, ok := known(e); ok {
			t.found[name] = target{addr: addr, note: "srv, address of an earlier run"}
		}
	}
	return t
}

// refresh finds the addresses for the targets of an answer: those that came
// along with it, then those still valid from an earlier look-up, then by asking.
// Targets that answer does not name are forgotten.
func (t *targets) refresh(ctx context.Context, answer resolver.Answer) {
	found := make(map[string]target, len(answer.SRV))
	var missing []string
	now := time.Now()
	for _, record := range answer.SRV {
		name := dns.CanonicalName(record.Target)
		if _, done := found[name]; done {
			continue
		}
		last := t.found[name]
		switch addrs := answer.Additional[name]; {
		case len(addrs) > 0:
			last = target{addr: choose(addrs, last.addr), note: "srv"}
		case now.After(last.expires):
			missing = append(missing, name)
		}
		found[name] = last
	}
	t.found = found
	t.lookUp(ctx, missing)
}

// lookUp asks for the addresses of names, a few at a time.
func (t *targets) lookUp(ctx context.Context, names []string) {
	var (
		asking sync.WaitGroup
		mu     sync.Mutex
		places = make(chan struct{}, lookups)
	)
	before := maps.Clone(t.found)
	for _, name := range names {
		places <- struct{}{}
		asking.Go(func() {
			defer func() { <-places }()
			next := t.ask(ctx, name, before[name])
			mu.Lock()
			defer mu.Unlock()
			t.found[name] = next
		})
	}
	asking.Wait()
}

// ask asks for A, and for AAAA where there is none. A failure keeps the last
// address; an answer that there is none does not.
func (t *targets) ask(ctx context.Context, name string, last target) target {
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		answer, err := t.resolver.Ask(ctx, name, qtype)
		switch {
		case err != nil && last.addr.IsValid():
			return target{addr: last.addr, note: "srv, address kept while its look-up fails"}
		case err != nil:
			return target{note: "dns: look-up of the target's address failed: " + err.Error()}
		case len(answer.Addrs) > 0:
			expires := time.Now().Add(answer.TTL)
			return target{addr: choose(answer.Addrs, last.addr), note: "srv", expires: expires}
		}
	}
	return target{note: "dns: the target has no address"}
}

// address returns a target's address, or why it has none.
func (t *targets) address(name string) (netip.Addr, string) {
	found := t.found[name]
	return found.addr, found.note
}

// choose keeps last while it is listed, and takes the lowest otherwise, IPv4
// before IPv6, so that shuffled answers do not move an endpoint about.
func choose(addrs []netip.Addr, last netip.Addr) netip.Addr {
	if slices.Contains(addrs, last) {
		return last
	}
	return slices.MinFunc(addrs, netip.Addr.Compare)
}
