package consul_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"pingap-go/discovery/consul"
	"pingap-go/internal/testkit"
)

// TestWhatIsAskedFor has a query with everything in it.
func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := &script{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	c := client(t, consul.Options{
		Address: server.URL + "/behind", Token: "secret", Namespace: "team", Partition: "edge", Datacenter: "east", Heartbeat: -1,
	})
	follow(t, c, consul.Query{Service: "a b", Filter: `Service.Port == 1`, Near: "_agent", Datacenters: []string{"west"}})
	testkit.Eventually(t, soon, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.last == nil {
			return errors.New("nothing was asked")
		}
		const want = "/behind/v1/health/service/a%20b?dc=west&filter=Service.Port+%3D%3D+1&near=_agent&ns=team&partition=edge&stale="
		if got := s.last.URL.String(); got != want || s.last.Header.Get("X-Consul-Token") != "secret" {
			return fmt.Errorf("asked for %s\nwant      %s", got, want)
		}
		return nil
	})
}

// TestNameAndPassword of an agent behind a server that asks for them come from the
// environment, beside the token.
func TestNameAndPassword(t *testing.T) {
	t.Setenv("CONSUL_HTTP_AUTH", "user:pass:word")
	s := &script{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	c := client(t, consul.Options{Address: server.URL, Token: "secret", Heartbeat: -1})
	follow(t, c, consul.Query{Service: "a"})
	testkit.Eventually(t, soon, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.last == nil {
			return errors.New("nothing was asked")
		}
		name, password, _ := s.last.BasicAuth()
		if name != "user" || password != "pass:word" || s.last.Header.Get("X-Consul-Token") != "secret" {
			return fmt.Errorf("asked as %q with %q, token %q", name, password, s.last.Header.Get("X-Consul-Token"))
		}
		return nil
	})
}
