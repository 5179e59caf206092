package e2e

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

// crowded is a pool of one instance, A, among so many addresses where nobody
// listens.
func (s *stage) crowded(nobodies int, more string) string {
	addrs := []string{`"${A}"`}
	for n := range nobodies {
		name := fmt.Sprintf("GONE%d", n)
		s.env[name] = s.freeAddr()
		addrs = append(addrs, `"${`+name+`}"`)
	}
	return head + "enable_http2 = true\n[upstreams.api]\naddrs = [" + strings.Join(addrs, ", ") + "]\n" + more + "[locations.api]\nupstream = \"api\"\n"
}

// A refused connection costs nobody anything, so it is made elsewhere whatever the
// request is, in the first moment of a pool that has saved no budget, and with a
// budget of nothing.
func TestRefusalsFailNothingWhileOneHostIsThere(t *testing.T) {
	for _, c := range []struct {
		name     string
		nobodies int
		more     string
	}{
		{"two of three", 2, ""},
		{"two of three, no budget", 2, "retry = { budget = 0.0, budget_floor = 0.0 }\n"},
		{"two of three, two attempts", 2, "retry = { attempts = 2 }\n"},
		{"two of three, never ejected", 2, "ejection = { enabled = false }\n"},
		{"seven of eight", 7, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			a := s.instance("A")
			p := s.boot(s.crowded(c.nobodies, c.more))
			var clients sync.WaitGroup
			for n := range 48 {
				method := []string{"GET", "POST"}[n%2]
				clients.Go(func() {
					if r := p.ask(method, "/", strings.NewReader("x")); r.StatusCode != 200 {
						t.Errorf("%s gets %d %s", method, r.StatusCode, r.Header.Get("X-Pingap-EType"))
					}
				})
			}
			clients.Wait()
			if n := a.served.Load(); n != 48 {
				t.Errorf("48 requests were sent %d times", n)
			}
		})
	}
}

// Content of which nothing was sent can be sent to anybody, however long it is.
func TestRefusalsFailNoUpload(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		s.instance("A")
		p := s.bootFor(c, s.crowded(2, "ejection = { enabled = false }\nalpn = \""+c.back+"\"\n"))
		word := strings.Repeat("0123456789abcdef", 20_000)
		for name, body := range map[string]func() io.Reader{
			"with a length": func() io.Reader { return strings.NewReader(word) },
			"in pieces":     func() io.Reader { return io.MultiReader(strings.NewReader(word)) },
		} {
			for range 4 {
				got := p.ask("POST", "/echo", body(), "Expect: 100-continue")
				if !strings.Contains(got.body, `"Body":"`+word+`"`) {
					s.Errorf("%s: %d %.200s", name, got.StatusCode, got.body)
				}
				if got = p.ask("POST", "/echo", body()); !strings.Contains(got.body, `"Body":"`+word+`"`) {
					s.Errorf("%s: %d %.200s", name, got.StatusCode, got.body)
				}
			}
		}
	})
}

// Where everybody refuses, each host is asked once, and then the budget has a say
// again.
func TestRefusalsAreCounted(t *testing.T) {
	s := newStage(t)
	s.instance("A").kill()
	p := s.boot(s.crowded(19, "retry = { attempts = 3, budget = 0.0, budget_floor = 0.0 }\nejection = { enabled = false }\n"))
	for range 10 {
		if r := p.get("/"); r.StatusCode != 502 || r.Header.Get("X-Pingap-EType") != "connect_failed" {
			t.Errorf("%d %s", r.StatusCode, r.Header.Get("X-Pingap-EType"))
		}
	}
	p.wantMetric("80", `pingap_upstream_failures_total{reason="connect",upstream="api"}`) // eight hosts a request
	p.wantMetric("70", `pingap_upstream_retries_total{reason="connect",upstream="api"}`)
}
