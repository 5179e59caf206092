package resolver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// errFormat is what servers say that do not know EDNS0 (RFC 6891, section 7).
var errFormat = errors.New("FORMERR")

func newQuestion(name string, qtype uint16) *dns.Msg {
	question := new(dns.Msg).SetQuestion(name, qtype)
	question.SetEdns0(udpSize, false)
	return question
}

// withoutEDNS is the question for a server that failed with errFormat.
func withoutEDNS(question *dns.Msg, err error) *dns.Msg {
	if !errors.Is(err, errFormat) {
		return question
	}
	plain := question.Copy()
	plain.Extra = nil
	return plain
}

// exchange sends one question over one network and returns a usable reply:
// NOERROR or NXDOMAIN from a server that claims to know. It ends with ctx.
func (r *Resolver) exchange(ctx context.Context, network, server string, question *dns.Msg) (*dns.Msg, error) {
	client := &dns.Client{Net: network, UDPSize: udpSize, Timeout: r.options.Timeout}
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	conn, err := client.DialContext(ctx, server)
	if err != nil {
		return nil, explain(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	reply, _, err := client.ExchangeWithConnContext(ctx, question, conn)
	if err != nil {
		return nil, explain(ctx, err)
	}
	return reply, usable(question, reply)
}

// explain drops addresses and ports, which differ from try to try.
func explain(ctx context.Context, err error) error {
	var timeout interface{ Timeout() bool }
	if ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("no answer in time")
	}
	var call *os.SyscallError
	switch {
	case errors.As(err, &call):
		return call.Err
	case errors.Is(err, io.EOF):
		return errors.New("the connection was closed")
	default:
		return err
	}
}

// usable reports why a reply tells nothing about the name.
func usable(question, reply *dns.Msg) error {
	switch {
	case reply.Rcode == dns.RcodeFormatError:
		return errFormat
	case reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
		return errors.New(dns.RcodeToString[reply.Rcode])
	case len(reply.Question) != 1 || !sameQuestion(question.Question[0], reply.Question[0]):
		return errors.New("an answer to another question")
	case referral(reply):
		return fmt.Errorf("ask %s", reply.Ns[0].(*dns.NS).Ns)
	default:
		return nil
	}
}

func sameQuestion(a, b dns.Question) bool {
	return a.Qtype == b.Qtype && strings.EqualFold(a.Name, b.Name)
}

// referral tells "I do not know, ask others" from "there is no such record",
// which carries the zone's SOA (RFC 2308, section 2.2).
func referral(reply *dns.Msg) bool {
	if reply.Rcode != dns.RcodeSuccess || reply.Authoritative || len(reply.Answer) > 0 || len(reply.Ns) == 0 {
		return false
	}
	_, ok := reply.Ns[0].(*dns.NS)
	return ok
}

// doubtful reports whether a UDP reply may be a part of the list only.
func doubtful(reply *dns.Msg, qtype uint16) bool {
	if reply.Truncated {
		return true
	}
	n := 0
	for _, record := range reply.Answer {
		if record.Header().Rrtype == qtype {
			n++
		}
	}
	return n > 0 && reply.IsEdns0() == nil || n == 3 || n == 8
}
