package consul_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery/consul"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// TestDatacentersAreTiers joins two datacenters and follows a service in both.
func TestDatacentersAreTiers(t *testing.T) {
	t.Parallel()
	east := testkit.Consul(t, testkit.ConsulOptions{Datacenter: "east"})
	west := testkit.Consul(t, testkit.ConsulOptions{Datacenter: "west", JoinWAN: east})
	east.AwaitDatacenter(t, "west", 3*soon)
	east.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001"))
	west.Register(t, testkit.Instance("api", "api-1", "127.0.0.2:9001"))

	c := client(t, consul.Options{Address: east.HTTPAddr})
	sink := follow(t, c, consul.Query{Service: "api", Datacenters: []string{"east", "west"}})
	both := func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 2 && s.Condition == endpoint.Populated }
	s := sink.Await(t, 3*soon, both)
	near, far := s.Endpoints[0], s.Endpoints[1]
	if near.Node != east.Node {
		near, far = far, near
	}
	if near.Tier != 0 || near.ID != east.Node+"/api-1" || near.Note != "consul passing" {
		t.Errorf("the near one is %+v", near)
	}
	if far.Tier != 1 || far.ID != "west/"+west.Node+"/api-1" || far.Note != "consul passing in west" || far.Name != "api-1" {
		t.Errorf("the far one is %+v", far)
	}
	if s.Source.Detail != "service api in east,west" {
		t.Errorf("source %+v", s.Source)
	}

	t.Run("a change in the second datacenter", func(t *testing.T) {
		west.SetStatus(t, "api-1", api.HealthCritical)
		sink.Await(t, soon, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 2 && tier(s, 1).Barred != "" })
		west.SetStatus(t, "api-1", api.HealthPassing)
		sink.Await(t, soon, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 2 && tier(s, 1).Barred == "" })
	})
	t.Run("the second datacenter is lost and keeps its part", func(t *testing.T) {
		west.Kill()
		err := sink.AwaitErr(t, 6*soon)
		if !strings.HasPrefix(err.Error(), `watch consul service "api" in west: `) {
			t.Errorf("error %q", err)
		}
		east.SetStatus(t, "api-1", api.HealthCritical)
		s := sink.Await(t, soon, func(s endpoint.Snapshot) bool { return tier(s, 0).Barred != "" })
		if len(s.Endpoints) != 2 || tier(s, 1).Barred != "" {
			t.Errorf("the membership became %+v", s.Endpoints)
		}
		sink.AwaitErr(t, soon)
	})
}

func TestUnknownDatacenter(t *testing.T) {
	agent := agent(t)
	agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001"))
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr}), consul.Query{Service: "api", Datacenters: []string{"dc1", "nowhere"}})
	if err := sink.AwaitErr(t, soon); !strings.Contains(err.Error(), "No path to datacenter") {
		t.Errorf("error %q", err)
	}
	if s := sink.Await(t, soon, members("api-1")); s.Endpoints[0].Tier != 0 {
		t.Errorf("%+v", s.Endpoints)
	}
}

// tier returns the first endpoint of a tier.
func tier(s endpoint.Snapshot, n int) endpoint.Endpoint {
	for _, e := range s.Endpoints {
		if e.Tier == n {
			return e
		}
	}
	return endpoint.Endpoint{}
}
