package nomad

import (
	"fmt"
	"testing"

	"pingap-go/internal/testkit"
)

// addNode starts a second node, with a Consul agent of its own as nodes have. Both
// are on this machine, so it has not the ingress's ports.
func (s *stage) addNode(t *testing.T) *testkit.NomadAgent {
	t.Helper()
	agent := testkit.Consul(t, testkit.ConsulOptions{Server: s.consul})
	return testkit.Nomad(t, testkit.NomadOptions{Consul: agent.HTTPAddr, Server: s.nomad, Chroot: s.chroot, Reserved: s.ports})
}

// drainNode has Nomad move everything but system jobs off a node and waits until
// want allocations of the job's group run on the other one and are healthy.
func (s *stage) drainNode(from, to *testkit.NomadAgent, name string, want int) {
	s.Helper()
	id := s.nodeID(from)
	s.command("node", "drain", "-enable", "-ignore-system", "-yes", "-detach", "-deadline", "2m", id)
	testkit.Eventually(s, patience, func() error {
		var all []allocation
		if err := s.get("/v1/job/"+name+"/allocations", &all); err != nil {
			return err
		}
		there := 0
		for _, a := range all {
			switch {
			case a.NodeName != to.Node && (a.ClientStatus == "running" || a.ClientStatus == "pending"):
				return fmt.Errorf("allocation %s is %s on %s", a.ID, a.ClientStatus, a.NodeName)
			case a.NodeName == to.Node && a.ClientStatus == "running":
				there++
			}
		}
		if ids := s.passing(name); there != want || len(ids) != want {
			return fmt.Errorf("%d run on %s, instances %v are healthy, want %d", there, to.Node, ids, want)
		}
		return nil
	})
	testkit.Eventually(s, patience, func() error { // when Nomad calls the drain complete
		_, err := s.nomad.Command("node", "eligibility", "-enable", id)
		return err
	})
}

// nodeID is Nomad's ID of an agent's node.
func (s *stage) nodeID(n *testkit.NomadAgent) string {
	s.Helper()
	var nodes []struct{ ID, Name string }
	if err := s.get("/v1/nodes", &nodes); err != nil {
		s.Fatal(err)
	}
	for _, node := range nodes {
		if node.Name == n.Node {
			return node.ID
		}
	}
	s.Fatalf("no node is named %s: %v", n.Node, nodes)
	return ""
}
