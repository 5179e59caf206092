package consul_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery/consul"
	"pingap-go/discovery/discoverytest"
	"pingap-go/internal/testkit"
)

const services = 300

// TestManyWatchesShareConnections follows 300 services over each of the roads to
// one agent, which allows 200 connections a client address.
func TestManyWatchesShareConnections(t *testing.T) {
	t.Parallel()
	cert, key := testkit.Certificate(t)
	socket := filepath.Join(t.TempDir(), "consul.sock")
	agent := testkit.Consul(t, testkit.ConsulOptions{CertFile: cert, KeyFile: key, HCL: []string{
		fmt.Sprintf(`addresses { http = "127.0.0.1 unix://%s" }`, socket),
	}})
	register(t, agent)
	roads := []struct {
		name    string
		address string
		counted string // where connections show; "" for the socket
		most    int
	}{
		{"plain HTTP takes turns", agent.HTTPAddr, agent.HTTPAddr, 100 + 8},
		{"TLS multiplexes", "https://" + agent.HTTPSAddr, agent.HTTPSAddr, 3},
		{"a unix socket takes turns", "unix://" + socket, "", 0},
	}
	for _, road := range roads {
		t.Run(road.name, func(t *testing.T) {
			c := client(t, consul.Options{Address: road.address, TLSCAFile: cert})
			start := time.Now()
			sinks := make([]*discoverytest.Sink, services)
			for i := range sinks {
				sinks[i] = follow(t, c, consul.Query{Service: service(i)})
			}
			for i, sink := range sinks {
				sink.Await(t, 6*soon, members(service(i)))
			}
			t.Logf("%d services seen after %s", services, time.Since(start).Round(time.Millisecond))
			own, slowest := 1, time.Duration(0) // a connection of the test's helper
			for i := range 10 {
				changed := i * services / 10
				moved := fmt.Sprintf("127.0.0.2:%d", 1000+len(road.name)*100+i)
				since := time.Now()
				agent.Register(t, testkit.Instance(service(changed), service(changed), moved))
				sinks[changed].Await(t, 6*soon, having(service(changed), at(moved)))
				slowest = max(slowest, time.Since(since))
				if n := testkit.Connections(t, road.counted); n > road.most+own {
					t.Errorf("%d connections, want at most %d", n, road.most)
				}
			}
			t.Logf("%d connections, the slowest change showed after %s", testkit.Connections(t, road.counted), slowest.Round(time.Millisecond))
			for i, sink := range sinks {
				if errs := sink.Errs(); len(errs) > 0 {
					t.Fatalf("service %d: %v", i, errs)
				}
			}
		})
	}
}

func service(i int) string { return fmt.Sprintf("service-%03d", i) }

func register(t *testing.T, agent *testkit.ConsulAgent) {
	t.Helper()
	for i := range services {
		agent.Register(t, &api.AgentServiceRegistration{ID: service(i), Name: service(i), Port: 1000 + i, Address: "127.0.0.1"})
	}
}

// TestChangesShowAtOnce measures from the moment that the agent has taken a
// change to the moment that the watcher publishes it. What Consul itself needs in
// between (the agent tells its servers) is part of it. That half of the changes show
// within a time in which nobody could have asked again by chance holds on any
// machine; bench/discovery.sh has the percentiles of a quiet one.
func TestChangesShowAtOnce(t *testing.T) {
	const changes = 200
	agent := agent(t)
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr}), consul.Query{Service: "api"})
	var took []time.Duration
	for i := range changes {
		address := fmt.Sprintf("127.0.0.1:%d", 1000+i)
		agent.Register(t, testkit.Instance("api", "api-1", address))
		since := time.Now()
		sink.Await(t, soon, having("api-1", at(address)))
		took = append(took, time.Since(since))
	}
	slices.Sort(took)
	p50, p99 := took[changes/2], took[changes*99/100]
	t.Logf("%d changes: median %s, p99 %s, longest %s", changes, p50, p99, took[changes-1])
	if p50 > 100*time.Millisecond {
		t.Errorf("the median is %s, want at most 100 ms", p50)
	}
}
