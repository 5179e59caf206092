package e2e

import (
	"fmt"
	"testing"

	"pingap-go/internal/testkit"
)

// A deployment as Nomad makes it: for each instance a new one is registered, the
// old one is deregistered, and when the proxy has let go of it, it ends.
func TestARollingReplacementOfTwentyInstancesFailsNoRequest(t *testing.T) {
	agent := consulAgent(t, false)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	name := func(generation, n int) string { return fmt.Sprintf("g%d-%02d", generation, n) }
	old := map[string]*instance{}
	var ids []string
	for n := range 20 {
		id := name(1, n)
		old[id] = s.instance(id)
		ids = append(ids, id)
		agent.Register(t, testkit.Instance("api", id, old[id].addr))
	}
	p := s.boot(consulAPI)
	p.awaitUp("api", patience, ids...)
	l := s.load(plan{clients: 8, rate: 800})
	for n := range 20 {
		ids[n] = name(2, n)
		agent.Register(t, testkit.Instance("api", ids[n], s.instance(ids[n]).addr))
		agent.Deregister(t, name(1, n))
		p.awaitUp("api", patience, ids...)
		old[name(1, n)].stop(t)
	}
	l.more(200)
	tally := l.end()
	tally.wantNoFailure(t)
	for _, id := range ids {
		if tally.by[id] == 0 {
			t.Errorf("the new instance %s got no request", id)
		}
	}
}
