package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pingap-go/admin"
	"pingap-go/internal/testkit"
)

// hurried is the combination's configuration in which every time-out has its own
// location, or its own upstream.
func (c combination) hurried() string {
	return strings.ReplaceAll(head+`enable_http2 = true
idle_timeout = "300ms"
access_log = "{path} {status} {:error_type} {:error_reason}"
[upstreams.api]
addrs = ["${A}"]
alpn = "ALPN"
[upstreams.deaf]
addrs = ["${DEAF}"]
alpn = "ALPN"
[upstreams.brief]
addrs = ["${A}"]
alpn = "ALPN"
retry = { per_try_timeout = "150ms", attempts = 1 }
[locations.connect]
upstream = "deaf"
path = "/connect"
connect_timeout = "150ms"
retries = 0
[locations.head]
upstream = "api"
path = "/head"
response_timeout = "150ms"
retries = 0
[locations.try]
upstream = "brief"
path = "/try"
[locations.total]
upstream = "api"
path = "/total"
timeout = "150ms"
[locations.stream]
upstream = "api"
path = "/stream"
timeout = "1s"
[locations.idle]
upstream = "api"
path = "/idle"
`, "ALPN", c.back)
}

// begins is a behaviour: a response that is begun and then stands still, for every
// gap another piece.
func begins(gap time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "some")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(gap):
			case <-r.Context().Done():
			}
		}
	}
}

// Whatever takes too long has its own word, in the metrics and in the access
// line; what can still be answered has its own text.
func TestEachTimeOutHasItsWord(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		s.env["DEAF"] = testkit.Deaf(s)
		a := s.instance("A")
		a.behave(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/idle":
				begins(time.Hour)(w, r)
			case "/stream":
				begins(20*time.Millisecond)(w, r)
			default:
				slowly(time.Minute, a.greet)(w, r)
			}
		})
		p := s.bootFor(c, c.hurried())
		for _, step := range []struct {
			path, upstream string
			status         int // 0: the answer breaks off
			etype, reason  string
			text           string
		}{
			{"/connect", "deaf", 502, "connect_failed", "connect_timeout", "could be made in time"},
			{"/head", "api", 504, "upstream_timeout", "head_timeout", "took too long to answer"},
			{"/try", "brief", 504, "upstream_timeout", "try_timeout", "time for one try"},
			{"/total", "api", 504, "upstream_timeout", "total_timeout", "longer than it may in all"},
			{"/stream", "api", 0, "-", "total_timeout", ""},
			{"/idle", "api", 0, "-", "idle_timeout", ""},
		} {
			series := fmt.Sprintf(`pingap_upstream_failures_total{reason="%s",upstream="%s"}`, step.reason, step.upstream)
			before := p.metrics()[series]
			request, err := http.NewRequest("GET", "http://"+p.proxy+step.path, nil)
			if err != nil {
				s.Fatal(err)
			}
			got, err := do(p.client, request)
			logged := 200
			switch {
			case step.status == 0 && err == nil:
				s.Errorf("%s: %d %q looks complete", step.path, got.StatusCode, got.body)
			case step.status > 0:
				logged = step.status
				if err != nil || got.StatusCode != step.status || got.Header.Get("X-Pingap-EType") != step.etype || !strings.Contains(got.body, step.text) {
					s.Errorf("%s: %v %+v", step.path, err, got)
				}
			}
			p.access.awaitText(s, fmt.Sprintf("%s %d %s %s\n", step.path, logged, step.etype, step.reason))
			if after := p.metrics()[series]; len(before) != 1 || len(after) != 1 || after[0] != before[0]+1 {
				s.Errorf("%s went from %q to %q", series, before, after)
			}
		}
	})
}

// The time for the whole exchange includes a client's own, for which no host is to
// blame, however steadily the client sends.
func TestAClientThatUsesUpTheTotalTimeIsTold(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		s.env["DEAF"] = testkit.Deaf(s)
		a := s.instance("A")
		p := s.bootFor(c, c.hurried())
		if c.front == "h1" {
			conn, in := p.dial()
			_, _ = io.WriteString(conn, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
			steadily(conn, func() {
				got, err := http.ReadResponse(in, nil)
				if err != nil {
					s.Fatal(err)
				}
				wantClientTimeout(s, got)
			})
		} else {
			content, more := io.Pipe()
			steadily(more, func() {
				got := p.ask("POST", "/stream", content)
				_ = content.Close()
				wantClientTimeout(s, got.Response)
			})
		}
		p.await("api", patience, func(u admin.Upstream) error {
			if e := u.Endpoints[0]; e.Failures != 0 || e.InFlight != 0 {
				return fmt.Errorf("it was held against %s: %+v", a.addr, e)
			}
			return nil
		})
	})
}

// Nor can a client that does not read make an exchange last.
func TestAClientThatDoesNotReadUsesUpTheTotalTime(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		ended := make(chan struct{})
		a.behave(func(w http.ResponseWriter, _ *http.Request) {
			defer close(ended)
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, 64<<10))
			}
		})
		p := s.bootFor(c, c.text()+"timeout = \"1s\"\n")
		request, err := http.NewRequest("GET", "http://"+p.proxy+"/", nil)
		if err != nil {
			s.Fatal(err)
		}
		response, err := p.client.Do(request)
		if err != nil {
			s.Fatal(err)
		}
		defer response.Body.Close()
		select {
		case <-ended:
		case <-time.After(patience):
			s.Fatal("the exchange goes on")
		}
		if _, err := io.Copy(io.Discard, response.Body); err == nil {
			s.Error("it looks complete")
		}
	})
}

// steadily writes on and on while meanwhile lasts.
func steadily(to io.Writer, meanwhile func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				_, _ = to.Write([]byte("x")) // until the other side has had enough
			}
		}
	}()
	meanwhile()
	close(stop)
	<-done
}

func wantClientTimeout(t testing.TB, r *http.Response) {
	t.Helper()
	if r.StatusCode != 408 || r.Header.Get("X-Pingap-EType") != "client_timeout" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
}
