package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// hedged is the trio, where a late answer has another host asked; a budget of
// one retry a request pays for all.
const hedged = `ejection = { enabled = false }
retry = { hedge_after = %q, budget = %v, budget_floor = 0 }`

// A host that takes its time is overtaken, and that is no evidence against it.
func TestALateAnswerIsOvertaken(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	s.instance("B")
	s.instance("C")
	p := s.boot(fmt.Sprintf(trio, fmt.Sprintf(hedged, "50ms", 1.0)))
	a.behave(slowly(5*time.Second, a.greet))
	for range 6 {
		began := time.Now()
		r := p.get("/")
		if r.StatusCode != 200 || len(r.body) != 1 || r.body == "A" {
			t.Errorf("the answer is %d %q", r.StatusCode, r.body)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
	}
	n := a.served.Load() // the second host takes a turn of the rotation, too
	if n < 2 || n > 3 {
		t.Errorf("the slow one was asked %d times of six", n)
	}
	p.wantMetric(fmt.Sprint(n), `pingap_upstream_retries_total{reason="hedge",upstream="api"}`)
	for _, e := range p.upstream("api").Endpoints {
		if e.Failures != 0 || e.InFlight != 0 {
			t.Errorf("%s has %d failures and %d requests in flight", e.Address, e.Failures, e.InFlight)
		}
	}
}

func TestWhatIsNotHedged(t *testing.T) {
	for _, c := range []struct {
		name, method string
		budget       float64
	}{
		{"a POST, which must not be sent twice", "POST", 1},
		{"a GET that the budget does not pay for", "GET", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			var all []*instance
			for _, name := range []string{"A", "B", "C"} {
				i := s.instance(name)
				i.behave(slowly(200*time.Millisecond, i.greet))
				all = append(all, i)
			}
			p := s.boot(fmt.Sprintf(trio, fmt.Sprintf(hedged, "20ms", c.budget)))
			for range 3 {
				if r := p.ask(c.method, "/", strings.NewReader("pay")); r.StatusCode != 200 {
					t.Errorf("the answer is %d", r.StatusCode)
				}
			}
			for _, i := range all {
				if n := i.served.Load(); n != 1 {
					t.Errorf("%s was asked %d times, not once", i.name, n)
				}
			}
		})
	}
}

// Where nearly every request is hedged, winners and losers come in all orders;
// each client gets one whole answer to its own request.
func TestHedgesUnderLoadFailNothing(t *testing.T) {
	s := newStage(t)
	for n, name := range []string{"A", "B", "C"} {
		i := s.instance(name)
		i.behave(slowly(time.Duration(2+n)*time.Millisecond, i.greet))
	}
	p := s.boot(fmt.Sprintf(trio, fmt.Sprintf(hedged, "3ms", 1.0)))
	l := s.load(plan{clients: 6})
	l.reach(1000)
	l.end().wantNoFailure(t)
	if n := p.metrics()[`pingap_upstream_retries_total{reason="hedge",upstream="api"}`]; len(n) < 2 {
		t.Errorf("%s requests were hedged", n)
	}
	for _, e := range p.upstream("api").Endpoints {
		if e.InFlight != 0 || e.Failures != 0 {
			t.Errorf("%s has %d failures and %d requests in flight", e.Address, e.Failures, e.InFlight)
		}
	}
}

// A hedge is to make nobody wait: neither for a host that takes no connections, nor
// in the queue for a place that the request itself has.
func TestAHedgeIsNotWaitedFor(t *testing.T) {
	const late = 300 * time.Millisecond
	for name, upstream := range map[string]string{
		"the other host is deaf": `addrs = ["${A}", "${DEAF} 0"]
retry = { hedge_after = "50ms", budget = 1.0 }`,
		"the other host has no place": `addrs = ["${A}", "${B} 0"]
retry = { hedge_after = "50ms", budget = 1.0 }
limits = { max_in_flight = 1, queue = 10, queue_timeout = "8s" }`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.env["DEAF"] = testkit.Deaf(t)
			a := s.instance("A")
			s.instance("B")
			a.behave(slowly(late, a.greet))
			p := s.boot(head + "[upstreams.api]\n" + upstream + "\n[locations.api]\nupstream = \"api\"\nconnect_timeout = \"8s\"\n")
			began := time.Now()
			if r := p.get("/"); r.body != "A" {
				t.Errorf("%d %q", r.StatusCode, r.body)
			}
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, e := range p.upstream("api").Endpoints {
				if e.Failures != 0 || e.InFlight != 0 {
					t.Errorf("%s has %d failures and %d requests in flight", e.Address, e.Failures, e.InFlight)
				}
			}
		})
	}
}

// The answer's time is its own host's: it does not include the wait for the other.
func TestAHedgesTimeIsItsOwn(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	s.instance("B")
	p := s.boot(head + `access_log = "{:upstream_addr} {:upstream_response_time}"
[upstreams.api]
addrs = ["${A}", "${B} 0"]
retry = { hedge_after = "2s", budget = 1.0 }
[locations.api]
upstream = "api"
`)
	a.behave(slowly(time.Minute, a.greet))
	if r := p.get("/"); r.body != "B" {
		t.Errorf("%d %q", r.StatusCode, r.body)
	}
	p.access.awaitText(t, "\n")
	var address string
	var took float64
	if _, err := fmt.Sscan(p.access.String(), &address, &took); err != nil || address != s.env["B"] || took > 1900 {
		t.Errorf("it was %s after %v ms (%v)", address, took, err)
	}
}
