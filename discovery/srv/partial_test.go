package srv_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"pingap-go/discovery/srv"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// TestPartialAnswersNeverRemove has a server that shows three of ten targets, a
// different three each time, and cannot be asked over TCP.
func TestPartialAnswersNeverRemove(t *testing.T) {
	names := testkit.DNS(t)
	names.RefuseTCP(true)
	var all []string
	for i := range 10 {
		all = append(all, fmt.Sprintf("%s 0 IN SRV 1 1 80 t%d.test.", api, i))
		names.Answer(fmt.Sprintf("t%d.test.", i), dns.TypeA, fmt.Sprintf("t%d.test. 60 IN A 127.0.2.%d", i, i+1))
	}
	records, next := testkit.Records(all...), 0
	names.Script(api, dns.TypeSRV, func(q testkit.Asked, m *dns.Msg) *dns.Msg {
		if !q.TCP {
			for range 3 {
				m.Answer = append(m.Answer, records[next%10])
				next++
			}
		}
		return m
	})
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}})
	grown := 0
	sink.Await(t, soon, func(s endpoint.Snapshot) bool {
		if len(s.Endpoints) < grown {
			t.Errorf("a partial answer took the list from %d to %d", grown, len(s.Endpoints))
		}
		grown = len(s.Endpoints)
		return grown == 10
	})
}

// TestCompleteAnswersRemoveAtOnce is the other side, without a hold.
func TestCompleteAnswersRemoveAtOnce(t *testing.T) {
	names := testkit.DNS(t)
	publishBoth(names)
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}})
	sink.Await(t, soon, is(both))
	names.Answer(api, dns.TypeSRV, api+" 0 IN SRV 1 1 80 b.test.")
	sink.Await(t, soon, is("populated\nb.test:80 at 127.0.0.2:80 tier 0 weight 1"))
}

func TestTTLPacesTheQuestions(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer("a.test.", dns.TypeA, "a.test. 60 IN A 127.0.0.1")
	names.Answer(api, dns.TypeSRV, api+" 60 IN SRV 1 1 80 a.test.")
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}})
	s := sink.Await(t, soon, is("populated\na.test:80 at 127.0.0.1:80 tier 0 weight 1"))
	if s.Source.TTL != time.Minute || s.Source.Kind != "srv" || s.Source.Detail != api+" @"+names.Addr {
		t.Errorf("source is %+v", s.Source)
	}
	time.Sleep(10 * quick)
	if services, _ := countsWithin(names); services != 1 {
		t.Errorf("asked %d times within a TTL of 60 s", services)
	}
}

func TestAddressIsKeptWhileItsLookupFails(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer(api, dns.TypeSRV, api+" 0 IN SRV 1 1 80 a.test.")
	names.Answer("a.test.", dns.TypeA, "a.test. 0 IN A 127.0.0.1")
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{names.Addr}})
	sink.Await(t, soon, is("populated\na.test:80 at 127.0.0.1:80 tier 0 weight 1"))
	names.Refuse("a.test.", dns.TypeA, dns.RcodeServerFailure)
	s := sink.Await(t, soon, func(s endpoint.Snapshot) bool { return s.Endpoints[0].Note != "srv" })
	if got := lines(s); got != "populated\na.test:80 at 127.0.0.1:80 tier 0 weight 1" {
		t.Errorf("%s", got)
	}
	names.Answer("a.test.", dns.TypeA, "a.test. 0 IN A 127.0.0.2")
	sink.Await(t, soon, is("populated\na.test:80 at 127.0.0.2:80 tier 0 weight 1"))
}
