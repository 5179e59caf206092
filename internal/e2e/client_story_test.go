package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// A client that goes takes its request with it: the instance is told, nobody is
// blamed, nothing stays in flight.
func TestAClientThatLeavesEndsItsRequest(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	begun, ended := make(chan struct{}), make(chan struct{})
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	})
	p := s.boot(strings.Replace(head, "[servers.http]", "[servers.http]\naccess_log = \"{status} {uri}\"", 1) + single)
	c, _ := p.dial()
	send(t, c, "GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
	<-begun
	_ = c.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the instance still works for nobody")
	}
	p.access.awaitText(t, "499 /left")
	e := p.upstream("api").Endpoints[0]
	if e.InFlight != 0 || e.Failures != 0 {
		t.Errorf("the endpoint has %d requests in flight and %d failures", e.InFlight, e.Failures)
	}
	p.wantMetric("0", `pingap_requests_in_flight{server="http"}`)
}

// An instance may answer before it has read what the client sends; the client
// gets that answer, not a broken connection.
func TestAnEarlyAnswerToALargeUploadArrives(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	a.behave(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "who are you?")
	})
	p := s.boot(head + single)
	for range 5 {
		c, in := p.dial()
		send(t, c, fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", 10<<20, strings.Repeat("x", 100<<10)))
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if res.StatusCode != 401 || string(body) != "who are you?" || err != nil {
			t.Errorf("%d %q %v", res.StatusCode, body, err)
		}
		_ = c.Close()
	}
}

// Requests may be sent before the answers to those before them have come.
func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(head + single)
	c, in := p.dial()
	var all strings.Builder
	for n := range 20 {
		fmt.Fprintf(&all, "POST /echo/%d HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", n)
	}
	send(t, c, all.String())
	for n := range 20 {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", n, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || !strings.Contains(string(body), fmt.Sprintf(`"URI":"/echo/%d"`, n)) {
			t.Fatalf("answer %d: %s %v", n, body, err)
		}
	}
}

// What the limit on heads says holds, for small limits and for large ones.
func TestLargeHeadsPassUpToTheLimit(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	for limit, sizes := range map[string]map[int]int{
		"2kb":   {1_000: 200, 2_100: 431},
		"64kb":  {1_000: 200, 20_000: 200, 65_000: 200, 66_000: 431, 200_000: 431},
		"300kb": {1_000: 200, 66_000: 200, 300_000: 200, 310_000: 431},
	} {
		p := s.boot(strings.Replace(head, "[servers.http]", "[servers.http]\nmax_header_bytes = \""+limit+"\"", 1) + single)
		for size, want := range sizes {
			if r, _ := p.raw("GET /echo HTTP/1.1\r\nHost: a\r\nX-Big: " + strings.Repeat("x", size) + "\r\n\r\n"); r.StatusCode != want {
				t.Errorf("limit %s: a field of %d bytes gets %d, not %d", limit, size, r.StatusCode, want)
			}
		}
		p.leave()
	}
}

// Connections beyond the bound are turned away, and there is room again later.
func TestMoreConnectionsThanAServerTakes(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(strings.Replace(head, "[servers.http]", "[servers.http]\nmax_connections = 2", 1) + single)
	ask := func(c io.Writer, in io.Reader) error {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			return err
		}
		_, err := io.ReadFull(in, make([]byte, 12))
		return err
	}
	one, inOne := p.dial()
	two, inTwo := p.dial()
	if ask(one, inOne) != nil || ask(two, inTwo) != nil {
		t.Fatal("the first two are not served")
	}
	if three, in := p.dial(); ask(three, in) == nil {
		t.Error("a third is served")
	}
	_ = one.Close()
	testkit.Eventually(t, patience, func() error {
		c, in := p.dial()
		defer c.Close()
		return ask(c, in)
	})
}
