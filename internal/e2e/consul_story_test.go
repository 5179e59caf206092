package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/internal/testkit"
)

const consulAPI = head + `
[consul]
address = "${CONSUL}"
[upstreams.api]
discovery = "consul"
service = "api"
[locations.api]
upstream = "api"
`

// What Consul says is in force within a second, and no request notices.
func TestMembershipFollowsConsulUnderLoad(t *testing.T) {
	agent := consulAgent(t, false)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	instances := map[string]*instance{}
	for _, name := range []string{"a", "b", "c", "d"} {
		instances[name] = s.instance(name)
	}
	register := func(name string) { agent.Register(t, testkit.Instance("api", name, instances[name].addr)) }
	for _, name := range []string{"a", "b", "c"} {
		register(name)
	}
	p := s.boot(consulAPI)
	p.awaitUp("api", patience, "a", "b", "c")
	l := s.load(plan{clients: 8})

	for _, step := range []struct {
		name   string
		change func()
		up     []string
	}{
		{"an instance is registered", func() { register("d") }, []string{"a", "b", "c", "d"}},
		{"an instance is deregistered", func() { agent.Deregister(t, "a") }, []string{"b", "c", "d"}},
		{"an instance goes into maintenance", func() { agent.Maintain(t, "b", true) }, []string{"c", "d"}},
		{"an instance turns critical", func() { agent.SetStatus(t, "c", api.HealthCritical) }, []string{"d"}},
		{"maintenance ends", func() { agent.Maintain(t, "b", false) }, []string{"b", "d"}},
		{"the critical instance recovers", func() { agent.SetStatus(t, "c", api.HealthPassing) }, []string{"b", "c", "d"}},
		{"the deregistered instance comes back", func() { register("a") }, []string{"a", "b", "c", "d"}},
		{"two are deregistered at once", func() { agent.Deregister(t, "a", "b") }, []string{"c", "d"}},
	} {
		step.change()
		took := p.awaitUp("api", time.Second, step.up...)
		t.Logf("%s: in force after %s", step.name, took.Round(time.Millisecond))
		l.more(100) // those that were on their way have arrived
		before := map[string]int64{}
		for name, i := range instances {
			before[name] = i.served.Load()
		}
		l.more(200)
		for name, i := range instances {
			if got := i.served.Load() > before[name]; got != slices.Contains(step.up, name) {
				t.Errorf("%s: it is %t that %s gets requests", step.name, got, name)
			}
		}
	}
	l.reach(10_000)
	l.end().wantNoFailure(t)
}
