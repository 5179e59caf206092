package resources

import (
	"context"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

func TestPercentBoundsGarbage(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 400}, {4 << 20, 400}, {16 << 20, 125}, {32 << 20, 62}, {64 << 20, 31}, {1 << 30, 30}} {
		if got := percent(c.live); got != c.want {
			t.Errorf("%d MB live: %d%%, want %d%%", c.live>>20, got, c.want)
		}
	}
}

func TestCollectorFollowsTheHeap(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go TuneCollector(ctx, environment(nil))
		time.Sleep(3 * collectorLooks)
		cancel()
		synctest.Wait()
	})
	if got, want := debug.SetGCPercent(100), percent(live()); got < want*8/10 || got > want*12/10 {
		t.Errorf("%d%% with %d MB live, want about %d%%", got, live()>>20, want)
	}
}

func TestCollectorObeysGOGC(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(77))
	TuneCollector(t.Context(), environment(map[string]string{"GOGC": "77"}))
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("%d%%", got)
	}
}
