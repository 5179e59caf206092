package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/miekg/dns"

	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/internal/resolver"
)

// name follows one "host:port". It belongs to the watcher's goroutine.
type name struct {
	host     string
	port     string
	weight   int
	resolver *resolver.Resolver
	v4, v6   discovery.Part // by record type: one may fail while the other answers
}

func newName(entry string, r *resolver.Resolver, o Options) (*name, error) {
	address, weight, err := discovery.SplitWeight(entry)
	if err != nil {
		return nil, err
	}
	host, port, err := discovery.SplitPort(address)
	if err != nil {
		return nil, err
	}
	n := &name{host: host, port: strconv.Itoa(port), weight: weight, resolver: r}
	n.v4 = n.seed(o, netip.Addr.Is4)
	n.v6 = n.seed(o, netip.Addr.Is6)
	return n, nil
}

// seed starts a part with the endpoints of an earlier run that are of its family
// and name.
func (n *name) seed(o Options, family func(netip.Addr) bool) discovery.Part {
	mine := slices.DeleteFunc(slices.Clone(o.Seed.Endpoints), func(e endpoint.Endpoint) bool {
		at, err := netip.ParseAddrPort(e.Address)
		return err != nil || !family(at.Addr()) || e.Meta[hostKey] != n.host
	})
	return discovery.Part{Members: mine, Roster: discovery.NewRoster(o.Hold, mine)}
}

// hostKey is where an endpoint's metadata holds the name it is from.
const hostKey = "host"

// refresh asks once for each family and adds what they say to union. IPv6 counts
// where it can be used: this machine has an address of its own, or the name has
// none of IPv4. A failure of IPv6 alone is no doubt where it never mattered.
func (n *name) refresh(ctx context.Context, union *discovery.Union) {
	if addr, err := netip.ParseAddr(n.host); err == nil {
		answer := resolver.Answer{Addrs: []netip.Addr{addr}, Complete: true, TTL: time.Hour}
		n.v4 = n.merge(n.v4.Roster, answer)
		union.Add(n.v4)
		return
	}
	n.v4 = n.ask(ctx, dns.TypeA, n.v4)
	wanted := len(n.v4.Members) == 0 || len(n.v6.Members) > 0 || usesIPv6()
	if wanted {
		n.v6 = n.ask(ctx, dns.TypeAAAA, n.v6)
	}
	union.Add(n.v4)
	useful := len(n.v6.Members) > 0 || n.v6.Err != nil && len(n.v4.Members) == 0
	if wanted && useful {
		union.Add(n.v6)
	}
}

func (n *name) ask(ctx context.Context, qtype uint16, last discovery.Part) discovery.Part {
	answer, err := n.resolver.Ask(ctx, n.host, qtype)
	if err != nil {
		last.Err = fmt.Errorf("ask for %s %s: %w", dns.TypeToString[qtype], n.host, err)
		return last
	}
	return n.merge(last.Roster, answer)
}

func (n *name) merge(roster *discovery.Roster, answer resolver.Answer) discovery.Part {
	seen := make([]endpoint.Endpoint, 0, len(answer.Addrs))
	for _, addr := range answer.Addrs {
		address := net.JoinHostPort(addr.String(), n.port)
		seen = append(seen, endpoint.Endpoint{
			ID: address, Name: address, Address: address, Weight: n.weight,
			Meta: map[string]string{hostKey: n.host}, Note: "dns " + n.host,
		})
	}
	return discovery.Part{
		Members: roster.Merge(time.Now(), seen, answer.Complete), Roster: roster,
		Unknown: answer.Unknown, TTL: answer.TTL, Server: answer.Server,
	}
}

// usesIPv6 reports whether this machine has an IPv6 address beyond its own links.
func usesIPv6() bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		network, ok := a.(*net.IPNet)
		return ok && network.IP.To4() == nil && network.IP.IsGlobalUnicast()
	})
}
