package consul_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery/consul"
	"pingap-go/discovery/discoverytest"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// catalogStories start with the instances api-1 and api-2 registered and seen, do
// one thing to them, and say what the watcher must make of it.
var catalogStories = []struct {
	name   string
	status []string
	change func(t *testing.T, agent *testkit.ConsulAgent)
	want   func(endpoint.Snapshot) bool
}{{
	name: "a third instance is registered",
	change: func(t *testing.T, agent *testkit.ConsulAgent) {
		agent.Register(t, testkit.Instance("api", "api-3", "127.0.0.1:9003"))
	},
	want: members("api-1", "api-2", "api-3"),
}, {
	name:   "an instance is deregistered",
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.Deregister(t, "api-1") },
	want:   members("api-2"),
}, {
	name:   "all instances are deregistered",
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.Deregister(t, "api-1", "api-2") },
	want:   condition(endpoint.Unknown),
}, {
	name:   "an instance goes into maintenance",
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.Maintain(t, "api-1", true) },
	want:   barred("api-1", "consul maintenance: service, by a test"),
}, {
	name: "maintenance ends",
	change: func(t *testing.T, agent *testkit.ConsulAgent) {
		agent.Maintain(t, "api-1", true)
		agent.Maintain(t, "api-1", false)
	},
	want: serving("api-1", "consul passing"),
}, {
	name:   "the node goes into maintenance",
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.MaintainNode(t, true) },
	want: func(s endpoint.Snapshot) bool {
		return s.Condition == endpoint.Unhealthy && barred("api-2", "consul maintenance: node, by a test")(s)
	},
}, {
	name:   "a check turns critical",
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.SetStatus(t, "api-1", api.HealthCritical) },
	want:   barred("api-1", "consul critical: check alive"),
}, {
	name:   "a check warns, and only passing may serve",
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.SetStatus(t, "api-1", api.HealthWarning) },
	want:   barred("api-1", "consul warning: check alive"),
}, {
	name:   "a check warns, and warning may serve",
	status: []string{"passing", "warning"},
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.SetStatus(t, "api-1", api.HealthWarning) },
	want:   serving("api-1", "consul warning: check alive"),
}, {
	name: "an instance moves to another port under its ID",
	change: func(t *testing.T, agent *testkit.ConsulAgent) {
		agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9101"))
	},
	want: having("api-1", func(e endpoint.Endpoint) bool { return e.Address == "127.0.0.1:9101" }),
}, {
	name: "an instance moves to another address under its ID",
	change: func(t *testing.T, agent *testkit.ConsulAgent) {
		agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.9:9001"))
	},
	want: having("api-1", func(e endpoint.Endpoint) bool { return e.Address == "127.0.0.9:9001" }),
}, {
	name:   "tags and metadata are rewritten",
	change: func(t *testing.T, agent *testkit.ConsulAgent) { agent.Register(t, tagged("api-1", "canary")) },
	want: having("api-1", func(e endpoint.Endpoint) bool {
		return slices.Equal(e.Tags, []string{"canary"}) && maps.Equal(e.Meta, map[string]string{"version": "2"})
	}),
}, {
	name: "a second instance appears on the first one's address",
	change: func(t *testing.T, agent *testkit.ConsulAgent) {
		agent.Register(t, testkit.Instance("api", "api-1b", "127.0.0.1:9001"))
	},
	want: members("api-1", "api-1b", "api-2"),
}}

func TestCatalogChanges(t *testing.T) {
	agent := agent(t)
	for _, story := range catalogStories {
		t.Run(story.name, func(t *testing.T) {
			sink := twoInstances(t, agent, consul.Query{Service: "api", Status: story.status})
			story.change(t, agent)
			got := sink.Await(t, soon, story.want)
			for _, e := range got.Endpoints {
				if e.ID != agent.Node+"/"+e.Name || e.Node != agent.Node {
					t.Errorf("endpoint %s has ID %q and node %q", e.Name, e.ID, e.Node)
				}
			}
			agent.MaintainNode(t, false)
			agent.Clear(t)
		})
	}
}

// twoInstances registers api-1 and api-2 and returns a sink that has seen them.
func twoInstances(t *testing.T, agent *testkit.ConsulAgent, q consul.Query) *discoverytest.Sink {
	t.Helper()
	agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001"), testkit.Instance("api", "api-2", "127.0.0.1:9002"))
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr}), q)
	s := sink.Await(t, soon, func(s endpoint.Snapshot) bool { return members("api-1", "api-2")(s) && s.Endpoints[1].Eligible() })
	if s.Source.Kind != "consul" || s.Source.Index == 0 || s.Source.Detail != "service api" {
		t.Errorf("source is %+v", s.Source)
	}
	return sink
}

func barred(name, why string) func(endpoint.Snapshot) bool {
	return having(name, func(e endpoint.Endpoint) bool { return e.Barred == why })
}

func serving(name, note string) func(endpoint.Snapshot) bool {
	return having(name, func(e endpoint.Endpoint) bool { return e.Eligible() && e.Note == note })
}

func tagged(id string, tags ...string) *api.AgentServiceRegistration {
	instance := testkit.Instance("api", id, "127.0.0.1:9001")
	instance.Tags = tags
	instance.Meta = map[string]string{"version": "2"}
	return instance
}

func TestWeightsFollowTheStatus(t *testing.T) {
	agent := agent(t)
	instance := testkit.Instance("api", "api-1", "127.0.0.1:9001")
	instance.Weights = &api.AgentWeights{Passing: 10, Warning: 2}
	agent.Register(t, instance)
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr}), consul.Query{Service: "api", Status: []string{"passing", "warning"}})
	weight := func(want int) func(endpoint.Snapshot) bool {
		return having("api-1", func(e endpoint.Endpoint) bool { return e.Eligible() && e.Weight == want })
	}
	sink.Await(t, soon, weight(10))
	agent.SetStatus(t, "api-1", api.HealthWarning)
	sink.Await(t, soon, weight(2))
	agent.SetStatus(t, "api-1", api.HealthPassing)
	sink.Await(t, soon, weight(10))
}

func TestAddressOfTheNodeStandsIn(t *testing.T) {
	agent := agent(t)
	agent.Register(t, &api.AgentServiceRegistration{ID: "api-1", Name: "api", Port: 9001}, &api.AgentServiceRegistration{ID: "api-2", Name: "api"})
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr}), consul.Query{Service: "api"})
	s := sink.Await(t, soon, members("api-1", "api-2"))
	if got := s.Endpoints[0].Address; got != "127.0.0.1:9001" {
		t.Errorf("address %q, want the node's", got)
	}
	if got := s.Endpoints[1].Barred; got != "consul: registered without a port" {
		t.Errorf("an instance without a port is barred for %q", got)
	}
}

func TestTagsAndFilterChoose(t *testing.T) {
	agent := agent(t)
	agent.Register(t, tagged("api-1", "v2", "eu"), tagged("api-2", "v2"), tagged("api-3", "v1", "eu"))
	choices := []struct {
		name  string
		query consul.Query
		want  func(endpoint.Snapshot) bool
	}{
		{"one tag", consul.Query{Tags: []string{"v2"}}, members("api-1", "api-2")},
		{"all of two tags", consul.Query{Tags: []string{"v2", "eu"}}, members("api-1")},
		{"a tag that nobody has", consul.Query{Tags: []string{"v3"}}, condition(endpoint.Empty)},
		{"a filter", consul.Query{Filter: `"eu" in Service.Tags`}, members("api-1", "api-3")},
		{"a filter that nobody passes", consul.Query{Filter: `Service.Port == 1`}, condition(endpoint.Empty)},
		{"a filter on a service that does not exist", consul.Query{Service: "nobody", Filter: `Service.Port == 1`}, condition(endpoint.Unknown)},
		{"a service that does not exist", consul.Query{Service: "nobody"}, condition(endpoint.Unknown)},
		{"sorted by distance", consul.Query{Near: "_agent"}, members("api-1", "api-2", "api-3")},
	}
	c := client(t, consul.Options{Address: agent.HTTPAddr})
	for _, choice := range choices {
		t.Run(choice.name, func(t *testing.T) {
			if choice.query.Service == "" {
				choice.query.Service = "api"
			}
			follow(t, c, choice.query).Await(t, soon, choice.want)
		})
	}
}

func TestBadFilterIsReported(t *testing.T) {
	agent := agent(t)
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr}), consul.Query{Service: "api", Filter: "no such thing"})
	if err := sink.AwaitErr(t, soon); err == nil {
		t.Error("no error")
	} else {
		t.Log(err)
	}
}
