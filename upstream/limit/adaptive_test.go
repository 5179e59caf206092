package limit

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// service is an upstream that answers within its latency as long as no more
// than its workers are busy, and in proportion slower above that.
type service struct {
	workers int
	latency time.Duration
}

func (s service) answersIn(inFlight int) time.Duration {
	return time.Duration(float64(s.latency) * max(1, float64(inFlight)/float64(s.workers)))
}

// drive sends for a while as many requests at once as the limit allows, demand
// at most, and returns the time at the end.
func drive(a *Adaptive, s service, now int64, during time.Duration, demand int) int64 {
	for end := now + int64(during); now < end; {
		inFlight := min(a.Limit(), demand)
		latency := s.answersIn(inFlight)
		for range inFlight {
			a.Observe(now, latency, inFlight)
		}
		now += int64(latency)
	}
	return now
}

func TestAdaptiveFindsWhatAServiceCanDo(t *testing.T) {
	for _, s := range []service{{20, 20 * time.Millisecond}, {50, 50 * time.Millisecond}, {100, 50 * time.Millisecond}} {
		a := NewAdaptive(AdaptiveRules{})
		drive(a, s, at(0), time.Minute, 100_000)
		t.Logf("%d workers: limit %d", s.workers, a.Limit())
		if a.Limit() < s.workers || a.Limit() > 3*s.workers {
			t.Errorf("%d workers: limit %d after a minute of more demand than they can serve", s.workers, a.Limit())
		}
	}
}

func TestAdaptiveFollowsTrouble(t *testing.T) {
	a := NewAdaptive(AdaptiveRules{})
	now := drive(a, service{100, 50 * time.Millisecond}, at(0), 30*time.Second, 100_000)
	well := a.Limit()
	now = drive(a, service{10, 50 * time.Millisecond}, now, 10*time.Second, 100_000)
	sick := a.Limit()
	drive(a, service{100, 50 * time.Millisecond}, now, 30*time.Second, 100_000)
	again := a.Limit()
	t.Logf("limit %d, %d with a tenth of the workers, %d with all of them again", well, sick, again)
	if sick > well/2 {
		t.Errorf("limit went from %d to %d when nine of ten workers were lost", well, sick)
	}
	if again < well/2 {
		t.Errorf("limit came back to %d of %d only", again, well)
	}
}

func TestAdaptiveKeepsItsLimitWithoutDemand(t *testing.T) {
	a := NewAdaptive(AdaptiveRules{Initial: 50})
	drive(a, service{100, 10 * time.Millisecond}, at(0), 20*time.Second, 20)
	if a.Limit() != 50 {
		t.Errorf("limit %d though only 20 requests were ever in flight, want the initial 50", a.Limit())
	}
}

func TestAdaptiveBounds(t *testing.T) {
	for _, c := range []struct {
		name    string
		rules   AdaptiveRules
		service service
		want    int
	}{
		{"never above Max", AdaptiveRules{Max: 30}, service{1000, 10 * time.Millisecond}, 30},
		{"initial value is held to Max", AdaptiveRules{Initial: 99, Max: 30}, service{1000, time.Hour}, 30},
		{"initial value is held to Min", AdaptiveRules{Initial: 1, Min: 7}, service{1000, time.Hour}, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := NewAdaptive(c.rules)
			drive(a, c.service, at(0), 20*time.Second, 100_000)
			if a.Limit() != c.want {
				t.Errorf("limit %d, want %d", a.Limit(), c.want)
			}
		})
	}
	a := NewAdaptive(AdaptiveRules{Min: 7})
	now := drive(a, service{100, 10 * time.Millisecond}, at(0), 10*time.Second, 100_000)
	drive(a, service{1, 10 * time.Millisecond}, now, 5*time.Second, 100_000)
	if a.Limit() < 7 {
		t.Errorf("limit %d under the Min of 7", a.Limit())
	}
}

func TestAdaptiveTellsOneCallerOfEachChange(t *testing.T) {
	a := NewAdaptive(AdaptiveRules{Window: time.Millisecond})
	var changes atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 5000 {
				now := at(float64(i*8+w) / 1e5)
				if a.Observe(now, time.Millisecond, 1000) {
					changes.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := int(changes.Load()); n == 0 || n > a.Limit()-20 {
		t.Errorf("%d changes told of on the way from 20 to %d", n, a.Limit())
	}
}

func TestObserveDoesNotAllocate(t *testing.T) {
	a := NewAdaptive(AdaptiveRules{})
	now := at(0)
	if n := testing.AllocsPerRun(1000, func() { now += int64(time.Millisecond); a.Observe(now, time.Millisecond, 30) }); n != 0 {
		t.Errorf("Observe allocates %v times", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	a := NewAdaptive(AdaptiveRules{})
	now := at(0)
	for b.Loop() {
		now += 1000
		a.Observe(now, time.Millisecond, 10)
	}
}
