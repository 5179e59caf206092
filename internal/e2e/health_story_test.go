package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pingap-go/admin"
)

// A host whose probe fails leaves the pool, and returns when it passes.
func TestProbesTakeHostsOutAndBack(t *testing.T) {
	for name, check := range map[string]string{
		"http by URL":   `health_check = "http://x/health?check_frequency=50ms&failure=2&success=1&status=200-299"`,
		"http by table": "[upstreams.api.health]\nscheme = \"http\"\npath = \"/health\"\ncheck_frequency = \"50ms\"\nfailure = 2\nstatus = \"200\"",
		"tcp":           "health_check = \"tcp://x/?check_frequency=50ms\"\n[upstreams.api.ejection]\nbase_time = \"300ms\"",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			a := s.instance("A")
			s.instance("B")
			s.instance("C")
			p := s.boot(fmt.Sprintf(trio, check))
			all := []string{s.env["A"], s.env["B"], s.env["C"]}
			p.awaitUp("api", patience, all...)
			l := s.load(plan{clients: 4, rate: 400})
			l.more(100) // which pay for the retries to come
			if name == "tcp" {
				a.kill()
			} else {
				a.behave(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/health" {
						w.WriteHeader(500)
						return
					}
					a.greet(w, r)
				})
			}
			p.awaitUp("api", patience, s.env["B"], s.env["C"])
			p.await("api", patience, func(u admin.Upstream) error {
				for _, e := range u.Endpoints {
					if e.ID == s.env["A"] && (e.Verdict != "down" || !strings.Contains(e.Reason, "probe")) {
						return fmt.Errorf("it is %s because of %q", e.Verdict, e.Reason)
					}
				}
				return nil
			})
			p.wantMetric("1", `pingap_upstream_endpoints{upstream="api",verdict="down"}`)
			if name == "tcp" {
				a.comeBack(t)
			} else {
				a.well()
			}
			p.awaitUp("api", patience, all...)
			l.more(50)
			l.end().wantNoFailure(t)
		})
	}
}

// One of three is killed or frozen: clients of idempotent requests do not
// notice, and the sick one is left alone.
func TestOneOfThreeTurnsSickUnderLoad(t *testing.T) {
	for name, sicken := range map[string]func(*child){"killed": (*child).kill, "frozen": (*child).freeze} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			a := s.child("A")
			s.instance("B")
			s.instance("C")
			p := s.boot(fmt.Sprintf(trio, "retry = { per_try_timeout = \"200ms\" }"))
			l := s.load(plan{clients: 16, rate: 800})
			l.more(400)
			began := time.Now()
			sicken(a)
			p.awaitOut("api", a.addr)
			t.Logf("out after %s", time.Since(began).Round(time.Millisecond))
			l.more(800)
			l.end().wantNoFailure(t)
		})
	}
}

func TestOneOfThreeFailsHalfOfItsRequestsUnderLoad(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	s.instance("B")
	s.instance("C")
	p := s.boot(fmt.Sprintf(trio, `[upstreams.api.retry]
on = ["connect", "reset", "timeout", "500", "502", "503", "504"]
[upstreams.api.ejection]
interval = "500ms"
`))
	l := s.load(plan{clients: 8, rate: 1000})
	l.more(500)
	began := time.Now()
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		if a.served.Load()%2 == 0 {
			w.WriteHeader(500)
			return
		}
		a.greet(w, r)
	})
	p.awaitOut("api", a.addr)
	t.Logf("out after %s", time.Since(began).Round(time.Millisecond))
	l.more(1000)
	tally := l.end()
	if float64(tally.failed()) >= 0.001*float64(tally.requests) {
		t.Errorf("%d of %d requests failed: %v", tally.failed(), tally.requests, tally.failures)
	}
}

// awaitOut waits until an endpoint is not picked any more.
func (f *face) awaitOut(name, id string) {
	f.stage.Helper()
	f.await(name, patience, func(u admin.Upstream) error {
		for _, e := range u.Endpoints {
			if e.ID == id && e.Verdict == "up" {
				return fmt.Errorf("%s is up: %s", id, e.Reason)
			}
		}
		return nil
	})
}

// Ejection never empties a pool: when all fail, all are asked.
func TestTheLastHostIsNeverEjected(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	a.behave(answer(500))
	p := s.boot(head + single)
	for range 20 {
		if r := p.get("/"); r.StatusCode != 500 || r.Header.Get("X-Instance") != "A" {
			t.Fatalf("the only host was not asked: %d %s", r.StatusCode, r.Header.Get("X-Pingap-EType"))
		}
	}
	p.awaitUp("api", patience, s.env["A"])
}
