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
	r.learn(snapshots[0], time.Now())
	r.decide(time.Now())
	for n := range 4 {
		began := cpuTime(t)
		r.learn(snapshots[1-n%2], time.Now())
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
func cpuTime(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
