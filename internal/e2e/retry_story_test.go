package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const trio = head + `
[upstreams.api]
addrs = ["${A}", "${B}", "${C}"]
%s
[locations.api]
upstream = "api"
`

// What one host does badly another does well, and no client of an idempotent
// request gets to know.
func TestIdempotentRequestsGoToAnotherHost(t *testing.T) {
	for _, c := range []struct {
		name   string
		sick   func(a *instance)
		reason string
	}{
		{"a host that nobody listens at", func(a *instance) { a.kill() }, "connect"},
		{"a host that resets", func(a *instance) { a.behave(reset) }, "reset"},
		{"a host that closes without an answer", func(a *instance) { a.behave(say("")) }, "reset"},
		{"a host that breaks off its head", func(a *instance) { a.behave(say("HTTP/1.1 200 OK\r\nContent-")) }, "reset"},
		{"a host that says 502", func(a *instance) { a.behave(answer(502)) }, "502"},
		{"a host that says 503", func(a *instance) { a.behave(answer(503)) }, "503"},
		{"a host that says 504", func(a *instance) { a.behave(answer(504)) }, "504"},
		{"a host that says nothing", func(a *instance) { a.behave(slowly(time.Minute, a.greet)) }, "try_timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			a := s.instance("A")
			s.instance("B")
			s.instance("C")
			p := s.boot(fmt.Sprintf(trio, "ejection = { enabled = false }\nretry = { per_try_timeout = \"150ms\", backoff = \"0s\" }"))
			c.sick(a)
			for range 2 {
				for _, method := range []string{"GET", "PUT", "DELETE"} {
					if r := p.ask(method, "/", strings.NewReader("x")); r.StatusCode != 200 || r.Header.Get("X-Instance") == "A" {
						t.Errorf("%s gets %d from %q", method, r.StatusCode, r.Header.Get("X-Instance"))
					}
				}
			}
			series := fmt.Sprintf(`pingap_upstream_retries_total{reason="%s",upstream="api"}`, c.reason)
			if n := p.metrics()[series]; n == "" || n == "0" {
				t.Errorf("%s is %q", series, n)
			}
		})
	}
}

// retry.on may name any status that says no, and lets nothing be sent twice that
// may not be.
func TestRetriesOnTheStatusesThatWereNamed(t *testing.T) {
	for _, c := range []struct {
		on, method string
		status     int
		want       int // failures of six requests, of which the sick host gets two
	}{
		{`["429"]`, "GET", 429, 0},
		{`["404", "500"]`, "GET", 404, 0},
		{`["500"]`, "GET", 500, 0},
		{`["500"]`, "POST", 500, 2},
		{`["500"]`, "GET", 503, 2},
		{`[]`, "GET", 429, 2},
	} {
		t.Run(fmt.Sprintf("%s %d with on = %s", c.method, c.status, c.on), func(t *testing.T) {
			s := newStage(t)
			a := s.instance("A")
			s.instance("B")
			s.instance("C")
			p := s.boot(fmt.Sprintf(trio, "ejection = { enabled = false }\nretry = { on = "+c.on+" }"))
			a.behave(answer(c.status))
			failed := 0
			for range 6 {
				if r := p.ask(c.method, "/", strings.NewReader("x")); r.StatusCode != 200 {
					failed++
				}
			}
			if failed != c.want {
				t.Errorf("%d of 6 failed, not %d", failed, c.want)
			}
		})
	}
}

// A POST that has been sent may have done something: it is not sent again. One
// that could not be sent is.
func TestPostsAreNotSentTwice(t *testing.T) {
	for _, c := range []struct {
		name   string
		sick   func(a *instance)
		passed map[int]int // statuses of six requests
	}{
		{"a host that resets", func(a *instance) { a.behave(reset) }, map[int]int{200: 4, 502: 2}},
		{"a host that says 503", func(a *instance) { a.behave(answer(503)) }, map[int]int{200: 4, 503: 2}},
		{"a host that nobody listens at", func(a *instance) { a.kill() }, map[int]int{200: 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			a, b, d := s.instance("A"), s.instance("B"), s.instance("C")
			p := s.boot(fmt.Sprintf(trio, "ejection = { enabled = false }"))
			c.sick(a)
			got := map[int]int{}
			for range 6 {
				got[p.ask("POST", "/", strings.NewReader("pay")).StatusCode]++
			}
			if fmt.Sprint(got) != fmt.Sprint(c.passed) {
				t.Errorf("statuses %v, not %v", got, c.passed)
			}
			if sent := a.served.Load() + b.served.Load() + d.served.Load(); sent != 6 {
				t.Errorf("6 requests were sent %d times", sent)
			}
		})
	}
}

// A kept connection that the instance closed meanwhile is no reason to fail,
// for a POST neither: it was looked at before it was used.
func TestConnectionsThatTheInstanceClosedFailNothing(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		t.Run(method, func(t *testing.T) {
			s := newStage(t)
			a := s.instance("A")
			p := s.boot(head + single)
			for range 10 {
				if r := p.ask(method, "/", strings.NewReader("x")); r.StatusCode != 200 {
					t.Errorf("%s gets %d %s", method, r.StatusCode, r.Header.Get("X-Pingap-EType"))
				}
				a.kill() // with all its connections
				a.comeBack(t)
			}
		})
	}
}

// An instance that ends every connection after some requests, without a word.
func TestInstancesThatCloseTheirConnectionsUnderLoad(t *testing.T) {
	s := newStage(t)
	for _, name := range []string{"A", "B", "C"} {
		i := s.instance(name)
		i.behave(func(w http.ResponseWriter, r *http.Request) {
			if i.served.Load()%50 == 0 {
				say("HTTP/1.1 200 OK\r\nX-Instance: "+i.name+"\r\nContent-Length: 2\r\n\r\nok")(w, r)
				return
			}
			i.greet(w, r)
		})
	}
	s.boot(fmt.Sprintf(trio, ""))
	l := s.load(plan{clients: 8})
	l.reach(3000)
	l.end().wantNoFailure(t)
}

// When everybody is sick, retries must not make it worse.
func TestRetriesStayWithinTheirBudget(t *testing.T) {
	s := newStage(t)
	var instances []*instance
	for _, name := range []string{"A", "B", "C"} {
		i := s.instance(name)
		i.behave(answer(503))
		instances = append(instances, i)
	}
	s.boot(fmt.Sprintf(trio, "ejection = { enabled = false }\nretry = { backoff = \"0s\" }"))
	began := time.Now()
	l := s.load(plan{clients: 4})
	l.reach(3000)
	asked := l.end().requests
	floor := 3 * (time.Since(began).Seconds() + 10) // the budget's floor, and what it holds at the start
	sent := int64(0)
	for _, i := range instances {
		sent += i.served.Load()
	}
	t.Logf("%d requests became %d tries", asked, sent)
	if float64(sent) > 1.2*float64(asked)+floor {
		t.Errorf("%d requests became %d tries: more than 1.2 times", asked, sent)
	}
}

func TestALocationsRetriesHaveTheLastWord(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	s.instance("B")
	s.instance("C")
	p := s.boot(fmt.Sprintf(trio, "ejection = { enabled = false }") + "retries = 0\n")
	a.kill()
	got := map[int]int{}
	for range 6 {
		got[p.get("/").StatusCode]++
	}
	if got[200] != 4 || got[502] != 2 {
		t.Errorf("statuses %v", got)
	}
}

// Content that fits into replay_buffer is sent again, whether its length was known
// or not; longer content is not, and who sent it gets the first host's answer.
func TestContentIsSentAgainUpToTheReplayBuffer(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		s.instance("B")
		a.behave(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(503)
		})
		p := s.bootFor(c, strings.Replace(c.text(), `["${A}"]`, `["${A}", "${B} 0"]`, 1)+
			"[upstreams.api.ejection]\nenabled = false\n[upstreams.api.retry]\nbudget = 1.0\nreplay_buffer = \"128kb\"\n")
		for _, kb := range []int{1, 40, 128, 129} {
			word := strings.Repeat("0123456789abcdef", kb<<10/16)
			for name, body := range map[string]func() io.Reader{
				"with a length": func() io.Reader { return strings.NewReader(word) },
				"in pieces":     func() io.Reader { return io.MultiReader(strings.NewReader(word)) },
			} {
				for _, line := range []string{"X-Nothing: x", "Expect: 100-continue"} {
					got := p.ask("PUT", "/echo", body(), line)
					again := got.StatusCode == 200 && strings.Contains(got.body, `"Body":"`+word+`"`)
					if again != (kb <= 128) || !again && got.StatusCode != 503 {
						s.Errorf("%d KB %s, %s: %d %.100s", kb, name, line, got.StatusCode, got.body)
					}
				}
			}
		}
		p.wantMetric("12", `pingap_upstream_retries_total{reason="503",upstream="api"}`)
	})
}
