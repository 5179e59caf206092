package consul

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hashicorp/consul/api"

	"pingap-go/endpoint"
)

// BenchmarkAnswer is what one answer of 5,000 instances costs from its bytes to a
// snapshot. It runs on the watcher's goroutine; no request waits for it.
func BenchmarkAnswer(b *testing.B) {
	answer := make([]*api.ServiceEntry, 5000)
	for i := range answer {
		answer[i] = &api.ServiceEntry{
			Node: &api.Node{ID: "20de2840-e194-f53f-10d9-1f96fd380ef5", Node: fmt.Sprintf("node-%d", i), Address: "10.0.0.1", Datacenter: "dc1"},
			Service: &api.AgentService{
				ID: fmt.Sprintf("api-%d", i), Service: "api", Address: "10.0.0.1", Port: 1000 + i, Tags: []string{"v2", "eu"},
				Meta: map[string]string{"version": "2"}, Weights: api.AgentWeights{Passing: 1, Warning: 1},
			},
			Checks: api.HealthChecks{
				{Node: "node", CheckID: "serfHealth", Name: "Serf Health Status", Status: "passing", Output: "Agent alive and reachable"},
				{Node: "node", CheckID: "alive", Name: "alive", Status: "passing", ServiceID: "api", ServiceName: "api"},
			},
		}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		b.Fatal(err)
	}
	w := newWatch(nil, Query{Service: "api", Tags: []string{"v2"}}, "")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var entries []entry
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&entries); err != nil {
			b.Fatal(err)
		}
		if s := endpoint.NewSnapshot(endpoint.Source{}, w.describe(entries), ""); len(s.Endpoints) != 5000 {
			b.Fatal(len(s.Endpoints))
		}
	}
}
