package e2e

import (
	"encoding/hex"
	"strings"
	"testing"

	"pingap-go/internal/testkit"
)

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	parentID    = "00f067aa0ba902b7"
	traceparent = "00-" + traceID + "-" + parentID + "-01"
)

const traced = head + `
[otel]
endpoint = "${OTEL}"
service_name = "shop"
[upstreams.api]
addrs = ["${A}", "${NOBODY}"]
[upstreams.api.retry]
backoff = "1ms"
[locations.api]
upstream = "api"
path = "/api"
`

// One server span a request, one client span a try, in the caller's trace; the
// instance is told the last try's span.
func TestTracesOfTries(t *testing.T) {
	for _, protocol := range []string{"grpc", "http"} {
		t.Run(protocol, func(t *testing.T) {
			s := newStage(t)
			s.instance("A")
			r := s.receiver(protocol)
			p := s.boot(traced)
			var got [2]seen
			for n := range got { // one of the two, or both, begin at the dead address
				got[n] = p.echo("/api/echo", "traceparent: "+traceparent, "tracestate: vendor=1")
			}
			p.leave() // what is left is exported at the end
			server, client := r.await(s, 5)
			if len(server) != 2 || len(client) < 3 {
				t.Fatalf("%d server spans and %d client spans", len(server), len(client))
			}
			ids := map[string]bool{}
			for _, span := range server {
				if hex.EncodeToString(span.TraceId) != traceID || hex.EncodeToString(span.ParentSpanId) != parentID {
					t.Errorf("the span %s does not go on from %s", span.Name, traceparent)
				}
				a := attributes(span.Attributes)
				if a["http.response.status_code"] != "200" || a["http.route"] != "/api" || a["url.path"] != "/api/echo" || a["pingap.upstream"] != "api" {
					t.Errorf("attributes %v", a)
				}
				ids[hex.EncodeToString(span.SpanId)] = true
			}
			told := map[string]bool{}
			for _, g := range got {
				told[g.Header.Get("Traceparent")] = true
				if g.Header.Get("Tracestate") != "vendor=1" {
					t.Errorf("tracestate is %q", g.Header.Get("Tracestate"))
				}
			}
			failed := 0
			for _, span := range client {
				a := attributes(span.Attributes)
				if !ids[hex.EncodeToString(span.ParentSpanId)] {
					t.Errorf("the try %v belongs to no request", a)
				}
				if a["error.type"] != "" {
					failed++
					continue
				}
				if want := "00-" + traceID + "-" + hex.EncodeToString(span.SpanId) + "-01"; !told[want] {
					t.Errorf("the instance was told %v, not %s", told, want)
				}
			}
			if failed != len(client)-2 || r.service != "shop" {
				t.Errorf("%d failed tries, of service %q", failed, r.service)
			}
		})
	}
}

// What a client asks over TLS is of the scheme https, whatever HTTP it speaks; the
// try of it is not, if the instance is asked without.
func TestTracesTellTLS(t *testing.T) {
	for protocol, two := range map[string]string{"1.1": "false", "2.0": "true"} {
		t.Run("HTTP/"+protocol, func(t *testing.T) {
			s := newStage(t)
			s.instance("A")
			r := s.receiver("grpc")
			s.env["CERT"], s.env["KEY"] = testkit.Certificate(t)
			certificate := "tls_cert = \"${CERT}\"\ntls_key = \"${KEY}\"\nenable_http2 = " + two
			p := s.boot(head + certificate + strings.TrimPrefix(strings.Replace(traced, `, "${NOBODY}"`, "", 1), head))
			client := s.httpsClient(s.env["CERT"])
			res, err := client.Get("https://" + s.env["PROXY"] + "/api/echo")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			client.CloseIdleConnections()
			p.leave()
			server, tries := r.await(s, 2)
			if len(server) != 1 || len(tries) != 1 {
				t.Fatalf("%d server spans and %d client spans", len(server), len(tries))
			}
			if a := attributes(server[0].Attributes); a["url.scheme"] != "https" || a["network.protocol.version"] != protocol {
				t.Errorf("the request's attributes are %v", a)
			}
			if a := attributes(tries[0].Attributes); !strings.HasPrefix(a["url.full"], "http://") {
				t.Errorf("the try's attributes are %v", a)
			}
		})
	}
}

// Without tracing the context passes, or starts here; nothing is exported.
func TestTraceContextWithoutTracing(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(head + single)
	if got := p.echo("/echo", "traceparent: "+traceparent).Header.Get("Traceparent"); !strings.HasPrefix(got, "00-"+traceID+"-") {
		t.Errorf("the context became %q", got)
	}
	if got := p.echo("/echo").Header.Get("Traceparent"); len(got) != len(traceparent) {
		t.Errorf("a new context is %q", got)
	}
}

// A collector that is away costs nobody an answer.
func TestACollectorThatIsAwayIsNoTrouble(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	s.env["OTEL"] = "http://" + s.env["NOBODY"]
	s.boot(strings.Replace(traced, `, "${NOBODY}"`, "", 1))
	l := s.load(plan{path: "/api"})
	l.reach(200)
	l.end().wantNoFailure(t)
}
