package resolver_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"pingap-go/internal/resolver"
	"pingap-go/internal/testkit"
)

const name = "app.test."

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ask(t *testing.T, o resolver.Options, name string, qtype uint16) (resolver.Answer, error) {
	t.Helper()
	o.Timeout = time.Second
	r, err := resolver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return r.Ask(ctx, name, qtype)
}

// over lists the networks of the questions that a server got.
func over(names *testkit.DNSServer) string {
	var text []string
	for _, asked := range names.Asked() {
		network := "udp"
		if asked.TCP {
			network = "tcp"
		}
		if asked.UDPSize == 0 {
			network += " without EDNS0"
		}
		text = append(text, network)
	}
	return strings.Join(text, ", ")
}

// full is the whole list of n records; a server that cuts sends fewer over UDP.
func full(n int) []string {
	var records []string
	for i := range n {
		records = append(records, fmt.Sprintf("%s 30 IN A 127.0.1.%d", name, i+1))
	}
	return records
}

// cutting answers over UDP with the first few of n records, with or without the
// truncation bit, and over TCP with all.
func cutting(few, n int, truncate bool) testkit.Script {
	all := testkit.Records(full(n)...)
	return func(q testkit.Asked, m *dns.Msg) *dns.Msg {
		m.Answer = all
		if !q.TCP {
			m.Answer, m.Truncated = all[:few], truncate
		}
		return m
	}
}

// completions are answers as servers give them, and what is made of each.
var completions = []struct {
	name     string
	set      func(*testkit.DNSServer)
	tcp      bool
	records  int
	complete bool
	over     string
}{{
	name:    "a short answer with EDNS0 stands",
	set:     func(n *testkit.DNSServer) { n.Answer(name, dns.TypeA, full(2)...) },
	records: 2, complete: true, over: "udp",
}, {
	name:    "a long answer with EDNS0 stands",
	set:     func(n *testkit.DNSServer) { n.Answer(name, dns.TypeA, full(20)...) },
	records: 20, complete: true, over: "udp",
}, {
	name:    "a truncated answer is completed over TCP",
	set:     func(n *testkit.DNSServer) { n.Script(name, dns.TypeA, cutting(2, 20, true)) },
	records: 20, complete: true, over: "udp, tcp",
}, {
	name:    "three records may be Consul's cut",
	set:     func(n *testkit.DNSServer) { n.Script(name, dns.TypeA, cutting(3, 20, false)) },
	records: 20, complete: true, over: "udp, tcp",
}, {
	name:    "eight records may be Consul's cut",
	set:     func(n *testkit.DNSServer) { n.Script(name, dns.TypeA, cutting(8, 20, false)) },
	records: 20, complete: true, over: "udp, tcp",
}, {
	name: "an answer without EDNS0 is confirmed over TCP",
	set: func(n *testkit.DNSServer) {
		n.Plain(true)
		n.Script(name, dns.TypeA, cutting(2, 5, false))
	},
	records: 5, complete: true, over: "udp, tcp",
}, {
	name: "without TCP a doubtful answer is incomplete",
	set: func(n *testkit.DNSServer) {
		n.RefuseTCP(true)
		n.Script(name, dns.TypeA, cutting(3, 20, false))
	},
	records: 3, complete: false, over: "udp, tcp",
}, {
	name:    "TCP first asks nobody over UDP",
	set:     func(n *testkit.DNSServer) { n.Script(name, dns.TypeA, cutting(3, 20, false)) },
	tcp:     true,
	records: 20, complete: true, over: "tcp",
}, {
	name: "TCP first falls back to UDP",
	set: func(n *testkit.DNSServer) {
		n.RefuseTCP(true)
		n.Answer(name, dns.TypeA, full(2)...)
	},
	tcp:     true,
	records: 2, complete: true, over: "tcp, udp",
}, {
	name: "a server that knows no EDNS0 is asked again without",
	set: func(n *testkit.DNSServer) {
		n.Script(name, dns.TypeA, func(q testkit.Asked, m *dns.Msg) *dns.Msg {
			if q.UDPSize > 0 {
				m.Rcode = dns.RcodeFormatError
				return m
			}
			m.Answer = testkit.Records(full(2)...)
			return m
		})
	},
	records: 2, complete: true, over: "udp, tcp without EDNS0",
}}

func TestAnswersAreMadeComplete(t *testing.T) {
	for _, c := range completions {
		t.Run(c.name, func(t *testing.T) {
			names := testkit.DNS(t)
			c.set(names)
			answer, err := ask(t, resolver.Options{Servers: []string{names.Addr}, TCP: c.tcp}, name, dns.TypeA)
			if err != nil {
				t.Fatal(err)
			}
			if len(answer.Addrs) != c.records || answer.Complete != c.complete || over(names) != c.over {
				t.Errorf("%d records, complete %v, over %s", len(answer.Addrs), answer.Complete, over(names))
			}
			if answer.TTL != 30*time.Second || answer.Server != names.Addr {
				t.Errorf("TTL %s from %s", answer.TTL, answer.Server)
			}
		})
	}
}

func TestNextServerAnswers(t *testing.T) {
	broken, sound := testkit.DNS(t), testkit.DNS(t)
	broken.Refuse(name, dns.TypeA, dns.RcodeServerFailure)
	sound.Answer(name, dns.TypeA, full(1)...)
	r, err := resolver.New(resolver.Options{Servers: []string{broken.Addr, sound.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		answer, err := r.Ask(t.Context(), name, dns.TypeA)
		if err != nil || answer.Server != sound.Addr {
			t.Fatalf("answer of %s, error %v", answer.Server, err)
		}
	}
	if n := len(broken.Asked()); n != 1 {
		t.Errorf("the broken server was asked %d times, want 1: the other answered", n)
	}
	sound.Refuse(name, dns.TypeA, dns.RcodeRefused)
	_, err = r.Ask(t.Context(), name, dns.TypeA)
	if want := sound.Addr + ": REFUSED; " + broken.Addr + ": SERVFAIL"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAliasesAndOddRecords(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer(name, dns.TypeA, name+" 60 IN CNAME real.test.", "real.test. 7 IN A 127.0.0.4")
	answer, err := ask(t, resolver.Options{Servers: []string{names.Addr}}, name, dns.TypeA)
	if err != nil || len(answer.Addrs) != 1 || answer.Addrs[0] != netip.MustParseAddr("127.0.0.4") || answer.TTL != 7*time.Second {
		t.Errorf("answer %+v, error %v", answer, err)
	}
}

func TestUnknownIsAnAnswer(t *testing.T) {
	names := testkit.DNS(t)
	answer, err := ask(t, resolver.Options{Servers: []string{names.Addr}}, "nobody.test.", dns.TypeA)
	if err != nil || !answer.Unknown || !answer.Complete {
		t.Errorf("answer %+v, error %v", answer, err)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	names := testkit.DNS(t)
	names.Script(name, dns.TypeA, func(testkit.Asked, *dns.Msg) *dns.Msg { return nil })
	r, err := resolver.New(resolver.Options{Servers: []string{names.Addr}, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := r.Ask(ctx, name, dns.TypeA); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("error %v after %s", err, time.Since(start))
	}
}

func TestServersMustBeAddresses(t *testing.T) {
	for _, server := range []string{"dns.example.com:53", "127.0.0.1:", "", "127.0.0.1:53:53"} {
		if _, err := resolver.New(resolver.Options{Servers: []string{server}}); err == nil {
			t.Errorf("server %q was accepted", server)
		}
	}
	for _, server := range []string{"127.0.0.1", "127.0.0.1:8600", "::1", "[::1]:8600"} {
		if _, err := resolver.New(resolver.Options{Servers: []string{server}}); err != nil {
			t.Errorf("server %q: %v", server, err)
		}
	}
}
