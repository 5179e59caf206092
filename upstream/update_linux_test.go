package upstream

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pingap-go/health"
)

// An update of 5,000 endpoints is worked through in one go; requests go on with
// the old view meanwhile. bench/update.sh says how long it takes; here, beside
// other tests and with the race detector, the thread's CPU time has to do.
func TestAnUpdateOfManyEndpointsIsQuick(t *testing.T) {
	const most = 150 * time.Millisecond
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := prepare(t, func(o *Options) { o.Ejection = health.Rules{} })
	defer r.Discard()
	snapshots := largeSnapshots()
	r.learn(snapshots[0], time.Now(), nil)
	r.decide(time.Now())
	for n := range 4 {
		began := cpuTime(t)
		r.learn(snapshots[1-n%2], time.Now(), nil)
		r.decide(time.Now())
		took := cpuTime(t) - began
		if t.Logf("update %d took %s", n, took); took > most {
			t.Errorf("that is more than %s", most)
		}
		if got := len(r.view.Load().hosts); got != 5000 {
			t.Errorf("after it there are %d hosts", got)
		}
	}
}

// cpuTime is what the calling thread has used.
func cpuTime(t testing.TB) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU is the loop of a benchmark that also says what CPU time each turn
// took: other work on the machine does not count.
func reportCPU(b *testing.B, turn func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := cpuTime(b)
	for b.Loop() {
		turn()
	}
	b.ReportMetric(float64((cpuTime(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// BenchmarkUpdate is one change in a service of 5,000 endpoints, from the snapshot
// to the view that requests pick from, in CPU time of the pool's goroutine.
func BenchmarkUpdate(b *testing.B) {
	for _, algorithm := range []string{"round_robin", "least_conn", "ewma", "hash:path"} {
		b.Run(algorithm, func(b *testing.B) {
			r := prepareBench(b, algorithm)
			snapshots := largeSnapshots()
			r.learn(snapshots[0], time.Now(), nil)
			r.decide(time.Now())
			n := 0
			reportCPU(b, func() {
				n++
				r.learn(snapshots[n%2], time.Now(), nil)
				r.decide(time.Now())
			})
		})
	}
}

// BenchmarkStep is what the pool's goroutine does with 5,000 hosts each time that
// it is woken and nothing has changed.
func BenchmarkStep(b *testing.B) {
	r := prepareBench(b, "round_robin")
	r.learn(largeSnapshots()[0], time.Now(), nil)
	r.step(time.Now())
	b.ReportAllocs()
	reportCPU(b, func() { r.step(time.Now()) })
}

// BenchmarkLeaseDuringUpdates is what a lease costs while updates come in
// without a pause: nobody waits for them.
func BenchmarkLeaseDuringUpdates(b *testing.B) {
	r := prepareBench(b, "round_robin")
	snapshots := largeSnapshots()
	r.learn(snapshots[0], time.Now(), nil)
	r.decide(time.Now())
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				r.learn(snapshots[n%2], time.Now(), nil)
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
