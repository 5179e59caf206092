package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pingap-go/admin"
	"pingap-go/internal/testkit"
)

// What we answer ourselves is the same as over HTTP/1, and ends one stream only.
func TestOwnAnswersOverHTTP2(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.bootFor(combination{"h2", "h1"}, head+`enable_http2 = true
[upstreams.api]
addrs = ["${A}"]
[upstreams.gone]
addrs = ["${NOBODY}"]
alpn = "h2"
[upstreams.empty]
discovery = "file"
addrs = ["/does/not/exist"]
[locations.api]
upstream = "api"
path = "/api"
client_max_body_size = "1kb"
[locations.gone]
upstream = "gone"
path = "/gone"
[locations.empty]
upstream = "empty"
path = "/empty"
`)
	for _, c := range []struct {
		method, path, body, line string
		status                   int
		kind                     string
	}{
		{"GET", "/nowhere", "", "", 404, "no_route"},
		{"GET", "/a/../../b", "", "", 400, "bad_request"},
		{"GET", "/api", "", "X-Large: " + strings.Repeat("x", 70_000), 431, "header_too_large"},
		{"GET", "/" + strings.Repeat("x", 20_000), "", "", 414, "uri_too_long"},
		{"TRACE", "/api", "", "", 405, "bad_request"},
		{"POST", "/api", strings.Repeat("x", 2000), "", 413, "body_too_large"},
		{"GET", "/api", "", "Expect: miracles", 417, "bad_request"},
		{"GET", "/gone", "", "", 502, "connect_failed"},
		{"POST", "/gone", "x", "", 502, "connect_failed"},
		{"GET", "/empty", "", "", 503, "no_endpoint"},
	} {
		var lines []string
		if c.line != "" {
			lines = []string{c.line}
		}
		for _, body := range []io.Reader{strings.NewReader(c.body), io.MultiReader(strings.NewReader(c.body))} {
			got := p.ask(c.method, c.path, body, lines...)
			if got.StatusCode != c.status || got.Header.Get("X-Pingap-EType") != c.kind || got.Proto != "HTTP/2.0" {
				t.Errorf("%s %.20s: %s %d %s", c.method, c.path, got.Proto, got.StatusCode, got.Header.Get("X-Pingap-EType"))
			}
		}
	}
	if n := testkit.Connections(t, p.proxy); n != 1 {
		t.Errorf("%d connections were needed for that", n)
	}
	p.wantMetric("0", `pingap_requests_in_flight{server="http"}`)
}

// A response that breaks off must never look whole.
func TestBrokenResponsesBreakInEveryCombination(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		p := s.bootFor(c, c.text())
		for name, head := range map[string]func(http.Header){
			"with a length": func(h http.Header) { h.Set("Content-Length", "100") },
			"without":       func(http.Header) {},
		} {
			a.behave(func(w http.ResponseWriter, _ *http.Request) {
				head(w.Header())
				_, _ = io.WriteString(w, "0123456789")
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			})
			request, err := http.NewRequest("GET", "http://"+p.proxy+"/", nil)
			if err != nil {
				s.Fatal(err)
			}
			if r, err := do(p.client, request); err == nil {
				s.Errorf("%s: %q was taken for whole", name, r.body)
			}
		}
		a.well()
		if got := p.get("/"); got.body != "A" {
			s.Errorf("afterwards: %q", got.body)
		}
	})
}

func TestSlowUpstreamsTimeOutInEveryCombination(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		a.behave(slowly(patience, a.greet))
		p := s.bootFor(c, c.text()+"response_timeout = \"200ms\"\nretries = 0\n")
		began := time.Now()
		got := p.ask("POST", "/", strings.NewReader("x"))
		if took := time.Since(began); got.StatusCode != 504 || got.Header.Get("X-Pingap-EType") != "upstream_timeout" || took > patience/2 {
			s.Errorf("%d %v after %s", got.StatusCode, got.Header, took)
		}
		a.well()
		if got := p.get("/"); got.body != "A" {
			s.Errorf("afterwards: %q", got.body)
		}
	})
}

// A client that goes ends what is done for it, before and within the response.
func TestClientsThatGoAreNotServedInEveryCombination(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		ended := make(chan struct{}, 2)
		a.behave(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/within" {
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
			ended <- struct{}{}
		})
		p := s.bootFor(c, c.text())
		for _, path := range []string{"/before", "/within"} {
			ctx, giveUp := context.WithTimeout(context.Background(), 300*time.Millisecond)
			request, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.proxy+path, nil)
			if err != nil {
				s.Fatal(err)
			}
			if _, err := do(p.client, request); err == nil {
				s.Errorf("%s: there was an answer", path)
			}
			giveUp()
			select {
			case <-ended:
			case <-time.After(patience):
				s.Fatalf("%s: the upstream was not told", path)
			}
		}
		p.await("api", patience, func(u admin.Upstream) error { // the lease ends a moment after the upstream is told
			if e := u.Endpoints[0]; e.Failures != 0 || e.InFlight != 0 {
				return fmt.Errorf("it was held against the endpoint: %+v", e)
			}
			return nil
		})
	})
}

// A request that no host has seen goes to the next one, content and all.
func TestConnectFailuresAreRetriedInEveryCombination(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		s.instance("A")
		p := s.bootFor(c, strings.Replace(c.text(), `["${A}"]`, `["${NOBODY}", "${A}"]`, 1)+
			"[upstreams.api.ejection]\nenabled = false\n[upstreams.api.retry]\nbudget = 1.0\n")
		for i := range 4 {
			word := fmt.Sprint("word", i)
			for _, body := range []io.Reader{strings.NewReader(word), io.MultiReader(strings.NewReader(word))} {
				got := p.ask("POST", "/echo", body)
				if !strings.Contains(got.body, `"Body":"`+word+`"`) {
					s.Fatalf("%s: %d %s", word, got.StatusCode, got.body)
				}
			}
		}
	})
}

// Requests under way finish, clients are told to go, and nobody waits for
// connections that are idle.
func TestDrainFinishesStreams(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	p := s.bootFor(combination{"h2", "h2"}, combination{"h2", "h2"}.text())
	idle := s.http2Client()
	if r, err := idle.Get("http://" + p.proxy + "/"); err != nil {
		t.Fatal(err)
	} else {
		_ = r.Body.Close()
	}
	begun, release := make(chan struct{}), make(chan struct{})
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/long" {
			return
		}
		_ = http.NewResponseController(w).Flush()
		close(begun)
		<-release
		_, _ = io.WriteString(w, "to the end")
	})
	answered := make(chan string, 1)
	go func() {
		request, _ := http.NewRequest("GET", "http://"+p.proxy+"/long", nil)
		r, err := do(p.client, request)
		answered <- fmt.Sprint(r.body, err)
	}()
	<-begun
	left := make(chan struct{})
	go func() {
		defer close(left)
		p.leave()
	}()
	testkit.Eventually(t, patience, func() error {
		if c, err := net.Dial("tcp", p.proxy); err == nil {
			return errors.Join(errors.New("it still listens"), c.Close())
		}
		return nil
	})
	testkit.Eventually(t, patience, func() error { // it is told a moment after the listener has closed
		if r, err := idle.Get("http://" + p.proxy + "/"); err == nil {
			return errors.Join(errors.New("an idle connection is served while the program drains"), r.Body.Close())
		}
		return nil
	})
	began := time.Now()
	close(release)
	if got := <-answered; got != "to the end<nil>" {
		t.Errorf("the request under way got %s", got)
	}
	if <-left; time.Since(began) > 4*time.Second {
		t.Errorf("the drain took %s after the last answer", time.Since(began))
	}
}
