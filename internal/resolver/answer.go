package resolver

import (
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// Answer is what a name server knows about one name.
type Answer struct {
	// SRV are the records of a question for SRV.
	SRV []*dns.SRV
	// Addrs are the records of a question for A or AAAA, aliases followed.
	Addrs []netip.Addr
	// Additional are the addresses that came along, by canonical name.
	Additional map[string][]netip.Addr
	// Unknown says that the name does not exist (NXDOMAIN).
	Unknown bool
	// Complete says that no record is missing.
	Complete bool
	// TTL is the shortest of the records used; 0 when there are none.
	TTL time.Duration
	// Server is who said so.
	Server string
}

func newAnswer(reply *dns.Msg, server string, qtype uint16, complete bool) Answer {
	a := Answer{Server: server, Unknown: reply.Rcode == dns.RcodeNameError, Complete: complete}
	for i, record := range reply.Answer {
		ttl := time.Duration(record.Header().Ttl) * time.Second
		if i == 0 || ttl < a.TTL {
			a.TTL = ttl
		}
		if srv, ok := record.(*dns.SRV); ok && qtype == dns.TypeSRV {
			a.SRV = append(a.SRV, srv)
		}
		if addr, ok := address(record); ok && record.Header().Rrtype == qtype {
			a.Addrs = append(a.Addrs, addr)
		}
	}
	for _, record := range reply.Extra {
		if addr, ok := address(record); ok {
			a.add(record, addr)
		}
	}
	return a
}

// add takes an address that came along. Those live by their own TTL, too.
func (a *Answer) add(record dns.RR, addr netip.Addr) {
	if a.Additional == nil {
		a.Additional = make(map[string][]netip.Addr)
	}
	name := dns.CanonicalName(record.Header().Name)
	a.Additional[name] = append(a.Additional[name], addr)
	if ttl := time.Duration(record.Header().Ttl) * time.Second; ttl < a.TTL {
		a.TTL = ttl
	}
}

func address(record dns.RR) (netip.Addr, bool) {
	switch r := record.(type) {
	case *dns.A:
		addr, ok := netip.AddrFromSlice(r.A)
		return addr.Unmap(), ok
	case *dns.AAAA:
		return netip.AddrFromSlice(r.AAAA)
	default:
		return netip.Addr{}, false
	}
}
