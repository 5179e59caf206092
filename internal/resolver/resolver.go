// Package resolver asks DNS servers and says how far an answer can be trusted.
//
//	r, err := resolver.New(resolver.Options{Servers: []string{"127.0.0.1:8600"}})
//	answer, err := r.Ask(ctx, "_api._tcp.service.consul", dns.TypeSRV)
//
// What Go's own resolver hides is what discovery lives on: the TTL, the response
// code, the additional section, and whether the list is whole. Servers cut UDP
// answers short, some (Consul by default) without setting the truncation bit. So
// an answer over UDP that was truncated, came without EDNS0, or has one of the
// lengths at which Consul cuts (3 and 8 records) is asked for again over TCP,
// and is marked incomplete when that fails.
//
// The package keeps no cache; it leaves schedules and memory to its callers.
package resolver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// udpSize is the answer size that we offer to take over UDP (EDNS0, RFC 6891).
const udpSize = 4096

// Options say whom to ask. The zero value asks the system's name servers.
type Options struct {
	// Servers are "ip", "ip:port" or "[ip6]:port"; the port is 53 when absent.
	// None means those of resolv.conf, with its search list, after the hosts file;
	// both files are read again when they change.
	Servers []string
	// TCP asks over TCP at first and over UDP only where that fails.
	TCP bool
	// Timeout bounds one exchange with one server; 0 = 2 s.
	Timeout time.Duration
	// ResolvConf and Hosts are the system's files: /etc/resolv.conf and
	// /etc/hosts when empty.
	ResolvConf, Hosts string
}

// Resolver asks. It may be used from any goroutine.
type Resolver struct {
	options Options
	system  *systemFiles // nil where servers are named
	servers []string     // where they are
	first   atomic.Uint32
}

// New checks options; it asks nobody yet.
func New(o Options) (*Resolver, error) {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	r := &Resolver{options: o}
	if len(o.Servers) == 0 {
		r.system = newSystemFiles(o.ResolvConf, o.Hosts)
		return r, nil
	}
	for _, server := range o.Servers {
		address, err := serverAddress(server)
		if err != nil {
			return nil, err
		}
		r.servers = append(r.servers, address)
	}
	return r, nil
}

func serverAddress(server string) (string, error) {
	if net.ParseIP(server) != nil {
		return net.JoinHostPort(server, "53"), nil
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil || net.ParseIP(host) == nil || port == "" {
		return "", fmt.Errorf("dns server %q is not ip:port", server)
	}
	return server, nil
}

// Ask asks for the records of one type. Its answer is NOERROR or NXDOMAIN; that
// no server could give one of these is an error, which names each server and
// what it said.
func (r *Resolver) Ask(ctx context.Context, name string, qtype uint16) (Answer, error) {
	if r.system == nil {
		return r.askServers(ctx, r.servers, dns.Fqdn(name), qtype)
	}
	if answer, ok := r.system.hosts(name, qtype); ok {
		return answer, nil
	}
	servers, names, err := r.system.conf(name)
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	for _, candidate := range names {
		answer, err = r.askServers(ctx, servers, candidate, qtype)
		if err != nil || !answer.Unknown {
			break
		}
	}
	return answer, err
}

// askServers goes through the servers, the one that answered last at first.
func (r *Resolver) askServers(ctx context.Context, servers []string, name string, qtype uint16) (Answer, error) {
	var failures error
	first := int(r.first.Load())
	for i := range servers {
		at := (first + i) % len(servers)
		answer, err := r.askServer(ctx, servers[at], name, qtype)
		if err == nil {
			r.first.Store(uint32(at))
			return answer, nil
		}
		failures = join(failures, fmt.Errorf("%s: %w", servers[at], err))
		if ctx.Err() != nil {
			break
		}
	}
	if failures == nil {
		failures = errors.New("no name server is configured")
	}
	return Answer{}, failures
}

// askServer gets the best answer that one server can give.
func (r *Resolver) askServer(ctx context.Context, server, name string, qtype uint16) (Answer, error) {
	question := newQuestion(name, qtype)
	if r.options.TCP {
		if reply, err := r.exchange(ctx, "tcp", server, question); err == nil {
			return newAnswer(reply, server, qtype, true), nil
		}
	}
	reply, err := r.exchange(ctx, "udp", server, question)
	if err != nil && !errors.Is(err, errFormat) {
		return Answer{}, err
	}
	if err == nil && !doubtful(reply, qtype) {
		return newAnswer(reply, server, qtype, true), nil
	}
	confirmed, tcpErr := r.exchange(ctx, "tcp", server, withoutEDNS(question, err))
	switch {
	case tcpErr == nil:
		return newAnswer(confirmed, server, qtype, true), nil
	case err != nil:
		return Answer{}, err
	default:
		return newAnswer(reply, server, qtype, false), nil
	}
}

func join(errs, err error) error {
	if errs == nil {
		return err
	}
	return fmt.Errorf("%w; %w", errs, err)
}
