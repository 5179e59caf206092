package e2e

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/admin"
)

// gate is a behaviour that holds requests until the test lets them go.
type gate struct {
	begun   chan string
	release chan struct{}
}

func newGate() *gate { return &gate{make(chan string, 16), make(chan struct{})} }

func (g *gate) at(i *instance) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		g.begun <- i.name
		<-g.release
		_, _ = io.WriteString(w, i.name)
	}
}

// What an upstream's limits have no room for is answered at once, or after its time
// in the queue, and is nobody's failure.
func TestWhatAnUpstreamHasNoRoomForIsShed(t *testing.T) {
	for _, c := range []struct {
		name, limits string
		room         int
	}{
		{"of the whole", "limits = { max_in_flight = 3 }", 3},
		{"of one endpoint", "limits = { max_in_flight_endpoint = 2 }", 4},
		{"connections to one endpoint", "max_connections = 1", 2},
		{"a queue that is waited in for too long", `limits = { max_in_flight = 2, queue = 5, queue_timeout = "100ms" }`, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			g := newGate()
			for _, name := range []string{"A", "B"} {
				i := s.instance(name)
				i.behave(g.at(i))
			}
			p := s.boot(head + "[upstreams.api]\naddrs = [\"${A}\", \"${B}\"]\n" + c.limits + "\n[locations.api]\nupstream = \"api\"\n")
			answers := make(chan reply, c.room)
			for range c.room {
				go func() { answers <- p.get("/") }()
				<-g.begun
			}
			for range 2 {
				r := p.get("/")
				if r.StatusCode != 503 || r.Header.Get("X-Pingap-EType") != "no_endpoint" || r.Header.Get("Retry-After") != "1" {
					t.Errorf("beyond the limit: %d %v", r.StatusCode, r.Header)
				}
			}
			close(g.release)
			for range c.room {
				if r := <-answers; r.StatusCode != 200 {
					t.Errorf("within the limit: %d", r.StatusCode)
				}
			}
			if r := p.get("/"); r.StatusCode != 200 {
				t.Errorf("afterwards: %d", r.StatusCode)
			}
			p.await("api", patience, func(u admin.Upstream) error {
				for _, e := range u.Endpoints {
					if e.Failures != 0 || e.InFlight != 0 || e.Verdict != "up" {
						return fmt.Errorf("it was held against an endpoint: %+v", e)
					}
				}
				return nil
			})
		})
	}
}

// Who finds a place in the queue is served when there is room.
func TestAQueueIsServed(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	var most, now atomic.Int64
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		slowly(2*time.Millisecond, a.greet)(w, r)
	})
	s.boot(head + `[upstreams.api]
addrs = ["${A}"]
limits = { max_in_flight = 2, queue = 20, queue_timeout = "10s" }
[locations.api]
upstream = "api"
`)
	l := s.load(plan{clients: 12})
	l.reach(500)
	l.end().wantNoFailure(t)
	if n := most.Load(); n > 2 {
		t.Errorf("%d requests were under way at once, not two", n)
	}
}

// The limit that finds itself keeps an instance that can do ten things at once from
// being asked for hundreds, and turns few away.
func TestAnAdaptiveLimitBounds(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	workers := make(chan struct{}, 10)
	var most, now atomic.Int64
	a.behave(func(w http.ResponseWriter, _ *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		workers <- struct{}{}
		<-time.After(5 * time.Millisecond)
		<-workers
		_, _ = io.WriteString(w, a.name)
	})
	s.boot(head + `[upstreams.api]
addrs = ["${A}"]
limits = { adaptive = true, max_in_flight = 60, queue = 200, queue_timeout = "10s" }
[locations.api]
upstream = "api"
`)
	l := s.load(plan{clients: 100})
	l.reach(2000)
	l.end().wantNoFailure(t)
	t.Logf("%d requests were under way at once", most.Load())
	if n := most.Load(); n > 60 {
		t.Errorf("%d requests were under way at once, beyond the highest limit", n)
	}
}
