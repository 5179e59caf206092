package consul_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/discovery/consul"
	"pingap-go/discovery/discoverytest"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// script is an agent that answers the queries for a service one after the other,
// for what a real one cannot be made to do. After its last answer it is silent.
type script struct {
	mu      sync.Mutex
	answers []reply
	asked   []string // the index of each query; "leader" for a consistent one
	last    *http.Request
	beats   int      // how often it was asked who leads
	self    []string // what it says of the token, one answer after the other; then that it knows it
}

// reply is one answer of a script.
type reply struct {
	index    int
	body     string
	streamed bool // without leader and ACL headers, as streams answer
	leader   string
	status   int
}

const (
	nobody = `[]`
	first  = `[{"Node": {"Node": "n"}, "Service": {"ID": "api-1", "Address": "127.0.0.1", "Port": 1, "Weights": {"Passing": 1}}}]`
	both   = `[{"Node": {"Node": "n"}, "Service": {"ID": "api-1", "Port": 1}}, {"Node": {"Node": "n"}, "Service": {"ID": "api-2", "Port": 2}}]`
	second = `[{"Node": {"Node": "n"}, "Service": {"ID": "api-2", "Address": "127.0.0.1", "Port": 2, "Weights": {"Passing": 1}}}]`
)

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/acl/token/self":
		s.tellSelf(w)
		return
	case "/v1/status/leader":
		s.mu.Lock()
		s.beats++
		s.mu.Unlock()
		_, _ = io.WriteString(w, `"127.0.0.1:8300"`)
		return
	}
	s.mu.Lock()
	index := r.URL.Query().Get("index")
	if r.URL.Query().Has("consistent") {
		index = "leader"
	}
	s.asked = append(s.asked, index)
	s.last = r.Clone(context.Background())
	if len(s.answers) == 0 {
		s.mu.Unlock()
		<-r.Context().Done()
		return
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	s.mu.Unlock()
	w.Header().Set("X-Consul-Index", fmt.Sprint(next.index))
	if next.streamed {
		w.Header().Set("X-Consul-Query-Backend", "streaming")
	} else {
		w.Header().Set("X-Consul-Query-Backend", "blocking-query")
	}
	w.Header().Set("X-Consul-LastContact", "0")
	w.Header().Set("X-Consul-KnownLeader", fmt.Sprint(next.leader != "none" && !next.streamed))
	if next.status != 0 {
		w.WriteHeader(next.status)
	}
	_, _ = io.WriteString(w, next.body)
}

func (s *script) tellSelf(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.self) == 0 {
		_, _ = io.WriteString(w, "{}")
		return
	}
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, s.self[0])
	s.self = s.self[1:]
}

func (s *script) indexes() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, ",")
}

// play runs a script to its end.
func play(t *testing.T, answers ...reply) (*script, *discoverytest.Sink) {
	t.Helper()
	s := &script{answers: answers}
	return s, s.play(t, consul.Options{Heartbeat: -1})
}

func (s *script) play(t *testing.T, o consul.Options) *discoverytest.Sink {
	t.Helper()
	o.Address = s.listen(t)
	return follow(t, client(t, o), consul.Query{Service: "api"})
}

// listen serves the script, and says where.
func (s *script) listen(t *testing.T) (url string) {
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// scripts are what an agent says, the indexes that it must be asked with, and what
// becomes of its answers.
var scripts = []struct {
	name    string
	answers []reply
	want    func(endpoint.Snapshot) bool
	indexes string
	updates int
	fails   int
}{{
	name:    "the index is sent back",
	answers: []reply{{index: 5, body: first}, {index: 7, body: second}},
	want:    members("api-2"), indexes: ",5,7", updates: 2,
}, {
	name:    "an index that goes backwards starts over, and its answer does not count before the leader confirms it",
	answers: []reply{{index: 5, body: first}, {index: 3, body: nobody}, {index: 4, body: second}},
	want:    members("api-2"), indexes: ",5,leader,4", updates: 2,
}, {
	name:    "a server that lags behind does not bring back who has gone",
	answers: []reply{{index: 5, body: first}, {status: 500}, {index: 4, body: both}, {index: 5, body: first}},
	want:    members("api-1"), indexes: ",5,,leader,5", updates: 2, fails: 1,
}, {
	name:    "a server that leads before it has read its log takes nobody away",
	answers: []reply{{index: 5, body: first}, {status: 500}, {index: 1, body: nobody}, {index: 7, body: second}},
	want:    members("api-2"), indexes: ",5,,leader,7", updates: 2, fails: 1,
}, {
	name:    "after an error the leader has to confirm a loss, whatever the index",
	answers: []reply{{index: 5, body: both}, {status: 500}, {index: 9, body: first}, {index: 9, body: both}},
	want:    members("api-1", "api-2"), indexes: ",5,,leader,9", updates: 2, fails: 1,
}, {
	name:    "a loss that the leader cannot confirm is an error",
	answers: []reply{{index: 5, body: first}, {status: 500}, {index: 9, body: nobody}, {status: 500, body: "No cluster leader"}, {index: 9, body: nobody}, {index: 9, body: nobody}},
	want:    condition(endpoint.Unknown), indexes: ",5,,leader,,leader,9", updates: 2, fails: 2,
}, {
	name:    "without an error a loss counts at once",
	answers: []reply{{index: 5, body: both}, {index: 9, body: first}},
	want:    members("api-1"), indexes: ",5,9", updates: 2,
}, {
	name:    "after an error an answer that loses nobody counts at once",
	answers: []reply{{index: 5, body: first}, {status: 500}, {index: 9, body: both}},
	want:    members("api-1", "api-2"), indexes: ",5,,9", updates: 2, fails: 1,
}, {
	name:    "an index of 0 would never wait",
	answers: []reply{{index: 0, body: first}, {index: 2, body: second}},
	want:    members("api-2"), indexes: ",1,2", updates: 2,
}, {
	name:    "the same index is no news, but a sign of life",
	answers: []reply{{index: 5, body: first}, {index: 5, body: "not read"}},
	want:    members("api-1"), indexes: ",5,5", updates: 2,
}, {
	name:    "a stream that lost an instance is not believed before the catalog says so",
	answers: []reply{{index: 5, body: first}, {index: 6, body: nobody, streamed: true}, {index: 6, body: second}},
	want:    members("api-2"), indexes: ",5,,6", updates: 2,
}, {
	name:    "a stream that shows the same instances is believed",
	answers: []reply{{index: 5, body: first}, {index: 6, body: strings.Replace(first, `"Port": 1`, `"Port": 9`, 1), streamed: true}},
	want:    having("api-1", at("127.0.0.1:9")), indexes: ",5,6", updates: 2,
}, {
	name:    "no known leader is an error, and what came before stays",
	answers: []reply{{index: 5, body: first}, {index: 6, body: nobody, leader: "none"}, {index: 7, body: first}},
	want:    members("api-1"), indexes: ",5,,7", updates: 2, fails: 1,
}, {
	name:    "a list that is cut is an error",
	answers: []reply{{index: 5, body: first}, {index: 6, body: first[:40]}, {index: 7, body: both}},
	want:    members("api-1", "api-2"), indexes: ",5,,7", updates: 2, fails: 1,
}, {
	name:    "a page of something in between is an error",
	answers: []reply{{index: 5, body: "<html>"}, {index: 7, body: second}},
	want:    members("api-2"), indexes: ",,7", updates: 1, fails: 1,
}, {
	name:    "too many connections is an error",
	answers: []reply{{status: http.StatusTooManyRequests, body: "Your IP is issuing too many concurrent connections"}, {index: 7, body: second}},
	want:    members("api-2"), indexes: ",,7", updates: 1, fails: 1,
}}

func TestScripts(t *testing.T) {
	for _, c := range scripts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, sink := play(t, c.answers...)
			testkit.Eventually(t, soon, func() error {
				if s.indexes() != c.indexes {
					return fmt.Errorf("asked with the indexes %s, want %s", s.indexes(), c.indexes)
				}
				return nil
			})
			sink.Await(t, soon, c.want)
			if updates, fails := sink.Counts(); updates != c.updates || fails != c.fails {
				t.Errorf("%d snapshots and %d errors, want %d and %d", updates, fails, c.updates, c.fails)
			}
		})
	}
}

// TestRestlessAgent has news in every answer, at once.
func TestRestlessAgent(t *testing.T) {
	t.Parallel()
	answers := make([]reply, 10_000)
	for i := range answers {
		answers[i] = reply{index: i + 1, body: first}
	}
	s, _ := play(t, answers...)
	time.Sleep(time.Second)
	if n := strings.Count(s.indexes(), ",") + 1; n > 150 {
		t.Errorf("asked %d times in a second, want 50 and a burst of 50", n)
	}
}
