package consul_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery/consul"
	"pingap-go/discovery/discoverytest"
	"pingap-go/internal/testkit"
)

// TestAServerThatComesBackTakesNobodyAway kills a server whose log is long. When it
// leads again it answers from the past until it has read its log, and its HTTP
// checks are critical until they have run.
func TestAServerThatComesBackTakesNobodyAway(t *testing.T) {
	t.Parallel()
	server := testkit.Consul(t, testkit.ConsulOptions{Durable: true})
	server.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001"), checkedInstance(server, "api-2"), checkedInstance(server, "api-3"))
	server.SetStatus(t, "api-1", api.HealthPassing)
	whole := func(s *discoverytest.Sink) error {
		last, _ := s.Last()
		for _, name := range []string{"api-1", "api-2", "api-3"} {
			if e, ok := find(last, name); !ok || !e.Eligible() {
				return fmt.Errorf("%s does not serve: %+v", name, last.Endpoints)
			}
		}
		return s.Err()
	}
	var sinks []*discoverytest.Sink
	for range 8 {
		sink := follow(t, client(t, consul.Options{Address: server.HTTPAddr, Heartbeat: time.Second}), consul.Query{Service: "api"})
		testkit.Eventually(t, soon, func() error { return whole(sink) })
		sinks = append(sinks, sink)
	}
	lengthen(t, server)
	begin := make([]int, len(sinks))
	for i, sink := range sinks {
		begin[i], _ = sink.Counts()
	}
	for range 3 {
		server.Kill()
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		for _, sink := range sinks {
			testkit.Eventually(t, soon, func() error { return whole(sink) })
		}
	}
	for i, sink := range sinks {
		for _, s := range sink.All()[begin[i]:] {
			for _, name := range []string{"api-1", "api-2", "api-3"} {
				if e, ok := find(s, name); !ok || !e.Eligible() {
					t.Errorf("watch %d published %s", i, s.Source)
					t.Errorf("without %s: %+v", name, s.Endpoints)
				}
			}
		}
	}
}

// checkedInstance has a check that the agent runs itself and finds passing.
func checkedInstance(agent *testkit.ConsulAgent, id string) *api.AgentServiceRegistration {
	return &api.AgentServiceRegistration{
		ID: id, Name: "api", Address: "127.0.0.1", Port: 9000,
		Check: &api.AgentServiceCheck{TCP: agent.HTTPAddr, Interval: "3s", Timeout: "1s"},
	}
}

// lengthen writes a long log, so that reading it takes a while.
func lengthen(t *testing.T, server *testkit.ConsulAgent) {
	t.Helper()
	var writers sync.WaitGroup
	value := []byte(strings.Repeat("x", 2000))
	for i := range 8 {
		writers.Go(func() {
			for range 300 {
				if _, err := server.API.KV().Put(&api.KVPair{Key: fmt.Sprint("key-", i), Value: value}, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
}
