package playground

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// The registry's names are below .test, which nobody owns (RFC 6761).
const (
	zone    = "pingap.test."
	service = "_app._tcp." + zone
)

// Service is the SRV name under which the instances are registered.
const Service = "_app._tcp.pingap.test"

// target is an instance's name in the DNS.
func target(instance string) string { return instance + "." + zone }

// registry is a DNS server for one zone, UDP and TCP on one port: the service
// has an SRV record for each instance, and each instance an address. The TTL is
// 0, as Consul's is.
type registry struct {
	addr    string
	servers []*dns.Server
	serving sync.WaitGroup

	mu    sync.Mutex
	ports map[string]int // of the registered instances
}

// openRegistry opens a registry that knows nobody.
func openRegistry(addr string) (*registry, error) {
	stream, packets, err := listenBoth(cmp.Or(addr, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	r := &registry{addr: stream.Addr().String(), ports: map[string]int{}}
	for _, server := range []*dns.Server{{Listener: stream, Handler: r}, {PacketConn: packets, Handler: r}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		r.serving.Go(func() { _ = server.ActivateAndServe() }) // it ends by close
		<-started
		r.servers = append(r.servers, server)
	}
	return r, nil
}

// listenBoth listens on the same port for TCP and UDP. A port that was chosen by
// the system for the one may be taken for the other: then another is tried.
func listenBoth(addr string) (net.Listener, net.PacketConn, error) {
	var errs []error
	for range 10 {
		stream, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, nil, err
		}
		packets, err := net.ListenPacket("udp", stream.Addr().String())
		if err == nil {
			return stream, packets, nil
		}
		errs = append(errs, err, stream.Close())
		if !strings.HasSuffix(addr, ":0") {
			break
		}
	}
	return nil, nil, errors.Join(errs...)
}

func (r *registry) add(instance string, port int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ports[instance] = port
}

func (r *registry) remove(instance string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ports, instance)
}

// ServeDNS answers one question; it is for the dns package.
func (r *registry) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg).SetReply(request)
	reply.Authoritative = true
	r.answer(reply, request.Question[0])
	size := dns.MinMsgSize
	if o := request.IsEdns0(); o != nil {
		reply.SetEdns0(dns.DefaultMsgSize, false)
		size = max(size, int(o.UDPSize()))
	}
	if w.LocalAddr().Network() == "udp" {
		reply.Truncate(size)
	}
	_ = w.WriteMsg(reply) // whoever did not get it asks again
}

// answer fills in what is known. A name that does not exist is NXDOMAIN, one
// without records of that type is not; both carry the zone's SOA (RFC 2308).
func (r *registry) answer(reply *dns.Msg, q dns.Question) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := dns.CanonicalName(q.Name)
	exists := name == zone || name == service
	for instance, port := range r.ports {
		host := target(instance)
		exists = exists || name == host
		switch {
		case name == service && q.Qtype == dns.TypeSRV:
			reply.Answer = append(reply.Answer, &dns.SRV{Hdr: head(name, dns.TypeSRV), Priority: 1, Weight: 1, Port: uint16(port), Target: host})
			reply.Extra = append(reply.Extra, address(host))
		case name == host && q.Qtype == dns.TypeA:
			reply.Answer = append(reply.Answer, address(host))
		}
	}
	slices.SortFunc(reply.Answer, func(a, b dns.RR) int { return cmp.Compare(a.String(), b.String()) })
	if len(reply.Answer) > 0 {
		return
	}
	reply.Ns = append(reply.Ns, &dns.SOA{Hdr: head(zone, dns.TypeSOA), Ns: zone, Mbox: zone, Refresh: 60, Retry: 60, Expire: 60})
	if !exists {
		reply.Rcode = dns.RcodeNameError
	}
}

func head(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET}
}

func address(host string) dns.RR {
	return &dns.A{Hdr: head(host, dns.TypeA), A: net.IPv4(127, 0, 0, 1)}
}

func (r *registry) close() {
	for _, server := range r.servers {
		_ = server.Shutdown()
	}
	r.serving.Wait()
}
