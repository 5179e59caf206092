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
	r.learn(largeSnapshots()[0], time.Now())
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

// BenchmarkUpdate is one change in a service of 5,000 endpoints, from the snapshot
// to the view that requests pick from. ns/op is the figure of bench/update.sh.
func BenchmarkUpdate(b *testing.B) {
	for _, algorithm := range []string{"round_robin", "least_conn", "ewma", "hash:path"} {
		b.Run(algorithm, func(b *testing.B) {
			r := prepareBench(b, algorithm)
			snapshots := largeSnapshots()
			r.learn(snapshots[0], time.Now())
			r.decide(time.Now())
			n := 0
			for b.Loop() {
				n++
				r.learn(snapshots[n%2], time.Now())
				r.decide(time.Now())
			}
		})
	}
}

// BenchmarkStep is what the pool's goroutine does with 5,000 hosts each time that
// it is woken and nothing has changed.
func BenchmarkStep(b *testing.B) {
	r := prepareBench(b, "round_robin")
	r.learn(largeSnapshots()[0], time.Now())
	r.step(time.Now())
	b.ReportAllocs()
	for b.Loop() {
		r.step(time.Now())
	}
}

// BenchmarkLeaseDuringUpdates is what a lease costs while updates come in
// without a pause: nobody waits for them.
func BenchmarkLeaseDuringUpdates(b *testing.B) {
	r := prepareBench(b, "round_robin")
	snapshots := largeSnapshots()
	r.learn(snapshots[0], time.Now())
	r.decide(time.Now())
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				r.learn(snapshots[n%2], time.Now())
				r.decide(time.Now())
			}
		}
	}()
	for b.Loop() {
		l, err := r.lease()
		if err != nil {
			b.Fatal(err)
		}
		l.answer(200)
	}
	close(stop)
	<-stopped
}

func prepareBench(b *testing.B, algorithm string) *rig {
	b.Helper()
	r := prepare(&testing.T{}, func(o *Options) { o.Ejection, o.Algorithm = health.Rules{}, algorithm })
	b.Cleanup(r.Discard)
	return r
}
