package resources

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercentBoundsGarbage(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 400}, {2 << 20, 400}, {6 << 20, 200}, {12 << 20, 100}, {24 << 20, 50}, {1 << 30, 30}} {
		if got := percent(c.live); got != c.want {
			t.Errorf("%d MB live: %d%%, want %d%%", c.live>>20, got, c.want)
		}
	}
}

// The live heap of this test is large enough that Go's most is too much.
func TestCollectorFollowsTheHeap(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	ballast := make([]byte, 2*Garbage)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { TuneCollector(ctx, environment(nil)); close(ended) }()
	within := time.After(10 * time.Second)
	for got := mostPercent; got > 60; {
		runtime.GC()
		select {
		case <-within:
			t.Fatalf("%d%% with %d MB live", got, live()>>20)
		case <-time.After(time.Millisecond):
		}
		got = debug.SetGCPercent(mostPercent)
		debug.SetGCPercent(got)
	}
	runtime.KeepAlive(ballast)
	cancel()
	<-ended
}

func TestCollectorObeysGOGC(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(77))
	TuneCollector(t.Context(), environment(map[string]string{"GOGC": "77"}))
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("%d%%", got)
	}
}
