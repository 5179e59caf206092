package consul_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/discovery"
	"pingap-go/discovery/consul"
	"pingap-go/discovery/discoverytest"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// soon is how long a change may take to show in a test; it is generous because
// the machine is shared.
const soon = 10 * time.Second

// shared is one agent for all tests that do not break it.
var shared struct {
	once  sync.Once
	agent *testkit.ConsulAgent
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.agent != nil {
		shared.agent.Close()
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			println(err.Error())
			code = 1
		}
	}
	os.Exit(code)
}

// agent returns the shared agent with an empty catalog.
func agent(t *testing.T) *testkit.ConsulAgent {
	t.Helper()
	if _, err := testkit.Binary("PINGAP_TEST_CONSUL", "consul"); err != nil {
		testkit.SkipOrFail(t, "there is no Consul: set PINGAP_TEST_CONSUL or build bin/consul")
	}
	shared.once.Do(func() { shared.agent, shared.err = testkit.StartConsul(testkit.ConsulOptions{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	t.Cleanup(func() {
		shared.agent.Clear(t)
	})
	return shared.agent
}

func client(t *testing.T, o consul.Options) *consul.Client {
	t.Helper()
	c, err := consul.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// follow watches until the test ends.
func follow(t *testing.T, c *consul.Client, q consul.Query) *discoverytest.Sink {
	t.Helper()
	w, err := consul.NewWatcher(c, q)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, w)
}

func run(t *testing.T, w discovery.Watcher) *discoverytest.Sink {
	t.Helper()
	var sink discoverytest.Sink
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.Watch(ctx, &sink); err != nil {
			t.Errorf("Watch ended with %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return &sink
}

// find returns the endpoint with this ID, for conditions on it.
func find(s endpoint.Snapshot, name string) (endpoint.Endpoint, bool) {
	for _, e := range s.Endpoints {
		if e.Name == name {
			return e, true
		}
	}
	return endpoint.Endpoint{}, false
}

// condition waits for snapshots in one condition.
func condition(want endpoint.Condition) func(endpoint.Snapshot) bool {
	return func(s endpoint.Snapshot) bool { return s.Condition == want }
}

// members waits for snapshots with exactly these service IDs.
func members(names ...string) func(endpoint.Snapshot) bool {
	return func(s endpoint.Snapshot) bool {
		for _, name := range names {
			if _, ok := find(s, name); !ok {
				return false
			}
		}
		return len(s.Endpoints) == len(names)
	}
}

// having waits for snapshots in which one endpoint satisfies want.
func having(name string, want func(endpoint.Endpoint) bool) func(endpoint.Snapshot) bool {
	return func(s endpoint.Snapshot) bool {
		e, ok := find(s, name)
		return ok && want(e)
	}
}

// at is an endpoint at one address.
func at(address string) func(endpoint.Endpoint) bool {
	return func(e endpoint.Endpoint) bool { return e.Address == address }
}
