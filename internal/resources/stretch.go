package resources

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// A queue is how many goroutines are ready to run and have no thread, for each
// thread. A busy thread with sixty-four connections in a closed loop has some
// thirty; there a second thread costs more than it gives, since the two wake each
// other. From some hundred connections on it gives more than it costs.
const (
	longQueue  = 48
	shortQueue = 8
	// shrinkAfter is for how many looks in a row a queue has to be short.
	shrinkAfter = 30
)

// How often the queue is looked at, and, where it is not short, how often it is
// counted for a mean.
const (
	look    = time.Second
	counts  = 64 // over a third of a second
	between = 5 * time.Millisecond
)

// Threads runs as many threads as Limits say, and as many as Limits allow at most
// while requests queue for them or other work would have them queue.
type Threads struct {
	allowed int

	mu          sync.Mutex // guards all below
	least, most int        // most is 0 where least is all there may be
	short       int        // looks in a row at which the queue was short
}

// NewThreads is for one process, before anything has changed how many threads it
// runs.
func NewThreads() *Threads { return &Threads{allowed: runtime.GOMAXPROCS(0)} }

// Allowed is how many threads Go has found that it may run: by the cgroup, or as
// many as there are cores.
func (t *Threads) Allowed() int { return t.allowed }

// Apply tells Go's runtime of the limits and says what it has set, "" when
// nothing. Any goroutine may call it, also while Run is running.
func (t *Threads) Apply(l Limits) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	running := 0
	if t.most > t.least { // perhaps more than the least
		running = runtime.GOMAXPROCS(0)
	}
	t.least, t.most, t.short = l.Threads, l.MostThreads, 0
	return l.apply(running)
}

// Grow runs as many threads as there may be, ahead of long work that gives no turn to
// requests, as reading a large configuration is. They become fewer again as after a
// queue. Any goroutine may call it, also while Run is running.
func (t *Threads) Grow() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.most > t.least {
		runtime.GOMAXPROCS(t.most)
		t.short = 0
	}
}

// Run looks after the queue until ctx ends.
func (t *Threads) Run(ctx context.Context, log *slog.Logger) {
	next := time.NewTimer(look)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		queue := t.count(ctx)
		if n := t.judge(queue, runtime.GOMAXPROCS(0)); n > 0 {
			runtime.GOMAXPROCS(n)
			log.Info("other number of threads", "threads", n, "queue", int(queue))
		}
		next.Reset(look)
	}
}

// count is how many goroutines wait for a thread: the mean of some counts, or the
// first one if that is low.
func (t *Threads) count(ctx context.Context) float64 {
	first := runnable()
	if first < shortQueue {
		return float64(first)
	}
	sum := first
	next := time.NewTicker(between)
	defer next.Stop()
	for range counts - 1 {
		select {
		case <-ctx.Done():
			return 0
		case <-next.C:
			sum += runnable()
		}
	}
	return float64(sum) / counts
}

// judge says how many threads shall run from now on, where running do; 0 = as many
// as now.
func (t *Threads) judge(queue float64, running int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.most <= t.least {
		return 0
	}
	each := queue / float64(running)
	if t.short++; each >= shortQueue {
		t.short = 0
	}
	switch {
	case each > longQueue && running < t.most:
		return t.most
	case t.short >= shrinkAfter && running > t.least:
		return t.least
	}
	return 0
}

// runnable is how many goroutines are ready to run and do not.
func runnable() uint64 {
	sample := []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
