package srv_test

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"pingap-go/discovery/srv"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

const api = "_api._tcp.test."

// withExtra answers SRV questions for api with records and additional ones.
func withExtra(names *testkit.DNSServer, records, extra []string) {
	answer, additional := testkit.Records(records...), testkit.Records(extra...)
	names.Script(api, dns.TypeSRV, func(_ testkit.Asked, m *dns.Msg) *dns.Msg {
		m.Answer = answer
		m.Extra = append(m.Extra, additional...)
		return m
	})
}

func TestRecordsBecomeEndpoints(t *testing.T) {
	cases := []struct {
		name           string
		records, extra []string
		want           string
	}{{
		name:    "weights one to one, priorities by rank",
		records: []string{api + " 5 IN SRV 10 3 80 a.test.", api + " 5 IN SRV 10 0 81 a.test.", api + " 5 IN SRV 20 7 80 b.test."},
		extra:   []string{"a.test. 5 IN A 127.0.0.1", "b.test. 5 IN A 127.0.0.2"},
		want: `populated
			a.test:80 at 127.0.0.1:80 tier 0 weight 3
			a.test:81 at 127.0.0.1:81 tier 0 weight 0
			b.test:80 at 127.0.0.2:80 tier 1 weight 7`,
	}, {
		name:    "of several addresses the lowest, IPv4 first",
		records: []string{api + " 5 IN SRV 1 1 80 a.test."},
		extra:   []string{"a.test. 5 IN AAAA ::1", "a.test. 5 IN A 127.0.0.9", "a.test. 5 IN A 127.0.0.3"},
		want: `populated
			a.test:80 at 127.0.0.3:80 tier 0 weight 1`,
	}, {
		name:    "an IPv6 address alone",
		records: []string{api + " 5 IN SRV 1 1 80 a.test."},
		extra:   []string{"a.test. 5 IN AAAA ::1"},
		want: `populated
			a.test:80 at [::1]:80 tier 0 weight 1`,
	}, {
		name:    "a missing target is looked up",
		records: []string{api + " 5 IN SRV 1 1 80 lonely.test.", api + " 5 IN SRV 1 1 80 a.test."},
		extra:   []string{"a.test. 5 IN A 127.0.0.1"},
		want: `populated
			a.test:80 at 127.0.0.1:80 tier 0 weight 1
			lonely.test:80 at 127.0.0.7:80 tier 0 weight 1`,
	}, {
		name:    "a target without address is shown as barred",
		records: []string{api + " 5 IN SRV 1 1 80 ghost.test.", api + " 5 IN SRV 1 1 80 a.test."},
		extra:   []string{"a.test. 5 IN A 127.0.0.1"},
		want: `populated
			a.test:80 at 127.0.0.1:80 tier 0 weight 1
			ghost.test:80 at ghost.test:80 tier 0 weight 1 barred: dns: the target has no address`,
	}, {
		name:    "the root as target means: not available",
		records: []string{api + " 5 IN SRV 0 0 0 ."},
		want:    `empty`,
	}, {
		name: "no record",
		want: `empty`,
	}}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			names := testkit.DNS(t)
			names.Answer("lonely.test.", dns.TypeA, "lonely.test. 60 IN A 127.0.0.7")
			withExtra(names, c.records, c.extra)
			follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}}).Await(t, soon, is(c.want))
		})
	}
}

func TestOnlyMissingTargetsAreLookedUp(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer("lonely.test.", dns.TypeA, "lonely.test. 60 IN A 127.0.0.7")
	withExtra(names, []string{api + " 0 IN SRV 1 1 80 lonely.test.", api + " 0 IN SRV 1 1 80 a.test."}, []string{"a.test. 0 IN A 127.0.0.1"})
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}})
	sink.Await(t, soon, func(endpoint.Snapshot) bool { updates, _ := countsWithin(names); return updates >= 5 })
	if _, lookups := countsWithin(names); lookups != 1 {
		t.Errorf("%d look-ups of targets, want 1: its TTL is 60 s and the other came along", lookups)
	}
}

// countsWithin counts the questions for SRV and for anything else.
func countsWithin(names *testkit.DNSServer) (services, others int) {
	for _, asked := range names.Asked() {
		if asked.Question.Qtype == dns.TypeSRV {
			services++
		} else {
			others++
		}
	}
	return services, others
}

// start publishes two targets and waits until they are seen.
const both = `populated
	a.test:80 at 127.0.0.1:80 tier 0 weight 1
	b.test:80 at 127.0.0.2:80 tier 0 weight 1`

func publishBoth(names *testkit.DNSServer) {
	names.Answer("a.test.", dns.TypeA, "a.test. 60 IN A 127.0.0.1")
	names.Answer("b.test.", dns.TypeA, "b.test. 60 IN A 127.0.0.2")
	names.Answer(api, dns.TypeSRV, api+" 0 IN SRV 1 1 80 a.test.", api+" 0 IN SRV 1 1 80 b.test.")
}

func TestFailuresKeepTheLastMembers(t *testing.T) {
	failures := []struct {
		name  string
		cause func(*testkit.DNSServer)
		want  string
	}{
		{"SERVFAIL", func(n *testkit.DNSServer) { n.Refuse(api, dns.TypeSRV, dns.RcodeServerFailure) }, ": SERVFAIL"},
		{"REFUSED", func(n *testkit.DNSServer) { n.Refuse(api, dns.TypeSRV, dns.RcodeRefused) }, ": REFUSED"},
		{"silence", func(n *testkit.DNSServer) {
			n.Script(api, dns.TypeSRV, func(testkit.Asked, *dns.Msg) *dns.Msg { return nil })
		}, ": no answer in time"},
		{"a referral", func(n *testkit.DNSServer) {
			n.Script(api, dns.TypeSRV, func(_ testkit.Asked, m *dns.Msg) *dns.Msg {
				m.Ns = testkit.Records("test. 60 IN NS elsewhere.test.")
				return m
			})
		}, "ask elsewhere.test."},
		{"an answer to another question", func(n *testkit.DNSServer) {
			n.Script(api, dns.TypeSRV, func(_ testkit.Asked, m *dns.Msg) *dns.Msg {
				m.Question[0].Name = "other.test."
				return m
			})
		}, "an answer to another question"},
	}
	for _, failure := range failures {
		t.Run(failure.name, func(t *testing.T) {
			t.Parallel()
			names := testkit.DNS(t)
			publishBoth(names)
			sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}})
			sink.Await(t, soon, is(both))
			failure.cause(names)
			err := sink.AwaitErr(t, soon)
			if !strings.HasPrefix(err.Error(), "ask for SRV "+api+": "+names.Addr) || !strings.Contains(err.Error(), failure.want) {
				t.Errorf("error %q", err)
			}
			if last, _ := sink.Last(); !is(both)(last) {
				t.Errorf("the last snapshot became\n%s", lines(last))
			}
			publishBoth(names)
			testkit.Eventually(t, soon, sink.Err)
		})
	}
}

func TestAbsentTargetsAreHeld(t *testing.T) {
	const hold = 300 * time.Millisecond
	absences := []struct {
		name  string
		cause func(*testkit.DNSServer)
		want  string
	}{
		{"one target is gone", func(n *testkit.DNSServer) { n.Answer(api, dns.TypeSRV, api+" 0 IN SRV 1 1 80 a.test.") },
			"populated\na.test:80 at 127.0.0.1:80 tier 0 weight 1"},
		{"no record is left", func(n *testkit.DNSServer) { n.Answer(api, dns.TypeSRV) }, "empty"},
		{"the name is unknown", func(n *testkit.DNSServer) { n.Refuse(api, dns.TypeSRV, dns.RcodeNameError) }, "unknown"},
	}
	for _, absence := range absences {
		t.Run(absence.name, func(t *testing.T) {
			t.Parallel()
			names := testkit.DNS(t)
			publishBoth(names)
			sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}, Hold: hold})
			sink.Await(t, soon, is(both))
			gone := time.Now()
			absence.cause(names)
			held := sink.Await(t, soon, func(s endpoint.Snapshot) bool { return s.Endpoints[1].Note == "absent from the last answer, held" })
			if !is(both)(held) {
				t.Errorf("while held:\n%s", lines(held))
			}
			sink.Await(t, soon, is(absence.want))
			if held := time.Since(gone); held < hold {
				t.Errorf("held for %s, want %s", held, hold)
			}
		})
	}
}

func TestUnknownFromTheStart(t *testing.T) {
	names := testkit.DNS(t)
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}, Hold: time.Hour})
	sink.Await(t, soon, is("unknown"))
}

func TestSeedIsHeldLikeAnyMember(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer("b.test.", dns.TypeA, "b.test. 60 IN A 127.0.0.2")
	names.Answer(api, dns.TypeSRV, api+" 0 IN SRV 20 1 80 b.test.")
	seed := endpoint.NewSnapshot(endpoint.Source{Kind: "srv", Detail: api + " @127.0.0.1:53"}, []endpoint.Endpoint{
		{ID: "a.test:80", Name: "a.test:80", Address: "127.0.0.1:80", Weight: 1, Tier: 0, Meta: map[string]string{"priority": "10"}},
	}, "")
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}, Hold: time.Hour, Seed: seed})
	sink.Await(t, soon, is(`populated
		a.test:80 at 127.0.0.1:80 tier 0 weight 1
		b.test:80 at 127.0.0.2:80 tier 1 weight 1`))
	seed.Source.Detail = "_other._tcp.test."
	sink = follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}, Hold: time.Hour, Seed: seed})
	sink.Await(t, soon, is("populated\nb.test:80 at 127.0.0.2:80 tier 0 weight 1"))
}

func TestOneOfTwoNamesFails(t *testing.T) {
	names := testkit.DNS(t)
	publishBoth(names)
	names.Answer("_spare._tcp.test.", dns.TypeSRV, "_spare._tcp.test. 0 IN SRV 9 1 80 c.test.")
	names.Answer("c.test.", dns.TypeA, "c.test. 60 IN A 127.0.0.3")
	sink := follow(t, srv.Options{Names: []string{api, "_spare._tcp.test."}, Servers: []string{names.Addr}})
	all := both + "\nc.test:80 at 127.0.0.3:80 tier 1 weight 1"
	sink.Await(t, soon, is(all))
	names.Refuse(api, dns.TypeSRV, dns.RcodeServerFailure)
	sink.AwaitErr(t, soon)
	names.Answer("_spare._tcp.test.", dns.TypeSRV)
	sink.Await(t, soon, is(both))
	if err := sink.AwaitErr(t, soon); !strings.Contains(err.Error(), api) {
		t.Errorf("error %q", err)
	}
}
