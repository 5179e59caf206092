package upstream

import (
	"testing"
	"time"

	"pingap-go/endpoint"
	"pingap-go/health"
)

func TestAStepWithoutNewsCostsNextToNothing(t *testing.T) {
	r := prepare(t, func(o *Options) { o.Ejection = health.Rules{} })
	defer r.Discard()
	r.learn(largeSnapshots()[0], time.Now(), nil)
	r.step(time.Now())
	r.step(time.Now())
	view, hosts := r.view.Load(), &r.status.Load().hosts[0]
	if n := testing.AllocsPerRun(10, func() { r.step(time.Now()) }); n > 5 {
		t.Errorf("a step allocates %v times", n)
	}
	if r.view.Load() != view || &r.status.Load().hosts[0] != hosts {
		t.Error("the view or the list of hosts was made anew")
	}
}

// largeSnapshots are two memberships of 5,000 that differ in one instance, one
// weight and one set of tags.
func largeSnapshots() [2]endpoint.Snapshot {
	before, after := many(5000), many(5000)
	after[100] = one("another")
	after[200].Weight = 2
	after[300].Tags = []string{"v2"}
	source := endpoint.Source{Kind: "test"}
	return [2]endpoint.Snapshot{endpoint.NewSnapshot(source, before, ""), endpoint.NewSnapshot(source, after, "")}
}

func prepareBench(b *testing.B, algorithm string) *rig {
	b.Helper()
	r := prepare(&testing.T{}, func(o *Options) { o.Ejection, o.Algorithm = health.Rules{}, algorithm })
	b.Cleanup(r.Discard)
	return r
}
