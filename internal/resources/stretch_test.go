package resources

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// looks are what a queue comes to, second by second, on two threads of which four
// may run.
func TestQueuesDecideHowManyThreadsRun(t *testing.T) {
	repeat := func(queue float64, times int) (list []float64) {
		for range times {
			list = append(list, queue)
		}
		return list
	}
	for name, c := range map[string]struct {
		running int
		looks   []float64
		want    int // after the last look; no other changes anything
	}{
		"a long queue":                    {2, []float64{500}, 4},
		"a queue that has grown long":     {2, []float64{0, 90, 97}, 4},
		"just as long as they can manage": {2, repeat(2*longQueue, 100), 0},
		"all run already":                 {4, repeat(5000, 10), 0},
		"a short queue, not long enough":  {4, repeat(0, shrinkAfter-1), 0},
		"a short queue for long":          {4, repeat(0, shrinkAfter), 2},
		"it was not short all the time":   {4, append(repeat(0, shrinkAfter-1), 100, 0), 0},
		"short, and no more than needed":  {2, repeat(0, 100), 0},
	} {
		threads := &Threads{least: 2, most: 4}
		for i, queue := range c.looks {
			got, want := threads.judge(queue, c.running), 0
			if i == len(c.looks)-1 {
				want = c.want
			}
			if got != want {
				t.Errorf("%s: look %d answers %d, want %d", name, i+1, got, want)
			}
		}
	}
}

// Where somebody has said how many, that is how many.
func TestALimitIsNotStretched(t *testing.T) {
	threads := &Threads{least: 2}
	for range 10 {
		if n := threads.judge(5000, 2); n != 0 {
			t.Fatalf("%d threads", n)
		}
	}
}

// Half a minute without a queue, and the other cores are the app's again.
func TestThreadsShrink(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		threads := NewThreads()
		threads.Apply(Limits{Threads: 1, MostThreads: 2})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { threads.Run(ctx, slog.New(slog.NewTextHandler(&log, nil))); close(ended) }()
		runtime.GOMAXPROCS(2) // a long queue has led to that
		time.Sleep((shrinkAfter + 1) * look)
		if n := runtime.GOMAXPROCS(0); n != 1 {
			t.Errorf("%d threads after half a minute without a queue", n)
		}
		cancel()
		<-ended
		if !strings.Contains(log.String(), "threads=1") {
			t.Errorf("the log does not tell: %s", log.String())
		}
	})
}

// A reload finds the limits anew, and not those that are in force.
func TestAReloadKeepsTheRoomToGrow(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU()))
	if runtime.NumCPU() < 2 {
		t.Log("there is no second core to grow to")
		return
	}
	threads := NewThreads()
	for range 2 {
		said := threads.Apply(Find(0, threads.Allowed(), environment(nil), machine(nil)))
		if runtime.GOMAXPROCS(0) != runtime.NumCPU()/2 || threads.most != runtime.NumCPU() {
			t.Fatalf("%d threads, %d at most: %s", runtime.GOMAXPROCS(0), threads.most, said)
		}
	}
}

// A reload runs on all cores, and goes back to half of them when half a minute has
// passed without a queue. The first load has no requests to keep waiting.
func TestAReloadHasThreadsOfItsOwn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	limits := Limits{Threads: 2, MostThreads: 4}
	threads := NewThreads()
	is := func(when string, want int) {
		t.Helper()
		if n := runtime.GOMAXPROCS(0); n != want {
			t.Fatalf("%s: %d threads, want %d", when, n, want)
		}
	}
	threads.Grow()
	threads.Apply(limits)
	is("after the first load", 2)
	threads.Grow()
	is("during a reload", 4)
	threads.Apply(limits)
	is("after it", 4)
	for range shrinkAfter - 1 {
		threads.judge(0, 4)
	}
	if n := threads.judge(0, 4); n != 2 {
		t.Errorf("half a minute later there shall be %d", n)
	}
	threads.Apply(Limits{Threads: 3})
	threads.Grow()
	is("by the configuration", 3)
}

// What the runtime says of its queue is what there is.
func TestRunnableCountsWhoHasNoThread(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ended := make(chan struct{})
	const ready = 20
	for range ready {
		go func() { ended <- struct{}{} }()
	}
	if n := runnable(); n < ready {
		t.Errorf("%d goroutines are said to be ready, want %d", n, ready)
	}
	for range ready {
		<-ended
	}
}
