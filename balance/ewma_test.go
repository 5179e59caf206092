package balance

import (
	"math"
	"sync"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestEWMA(t *testing.T) {
	type observation struct {
		at     time.Duration
		took   time.Duration
		failed bool
	}
	for name, test := range map[string]struct {
		observations []observation
		at           time.Duration
		least, most  time.Duration
	}{
		"never measured":               {at: time.Hour},
		"the first is the average":     {observations: []observation{{took: 5 * ms}}, least: 5 * ms, most: 5 * ms},
		"a peak counts at once":        {observations: []observation{{took: 5 * ms}, {took: 90 * ms}}, least: 90 * ms, most: 90 * ms},
		"a quick one counts by time":   {observations: []observation{{took: 100 * ms}, {at: decay, took: 0}}, at: decay, least: 36 * ms, most: 37 * ms},
		"at one instant not at all":    {observations: []observation{{took: 100 * ms}, {took: 1 * ms}}, least: 100 * ms, most: 100 * ms},
		"silence halves":               {observations: []observation{{took: 100 * ms}}, at: 6931 * ms, least: 49 * ms, most: 51 * ms},
		"silence halves twice":         {observations: []observation{{took: 100 * ms}}, at: 13863 * ms, least: 24 * ms, most: 26 * ms},
		"a day of silence forgets all": {observations: []observation{{took: 100 * ms}}, at: 24 * time.Hour, least: 1, most: 1},
		"an early clock is no time":    {observations: []observation{{at: time.Minute, took: 100 * ms}}, least: 100 * ms, most: 100 * ms},
		"a quick failure is slow":      {observations: []observation{{took: 1 * ms, failed: true}}, least: 100 * ms, most: 100 * ms},
		"failures multiply":            {observations: []observation{{failed: true}, {failed: true}}, least: time.Second, most: time.Second},
		"up to a limit":                {observations: []observation{{failed: true}, {failed: true}, {failed: true}, {failed: true}}, least: 10 * time.Second, most: 10 * time.Second},
		"a slow failure is what it is": {observations: []observation{{took: time.Minute, failed: true}}, least: time.Minute, most: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			var e EWMA
			for _, o := range test.observations {
				e.Observe(int64(o.at), o.took, o.failed)
			}
			if v := e.Value(int64(test.at)); v < test.least || v > test.most {
				t.Fatalf("value %v, want %v to %v", v, test.least, test.most)
			}
		})
	}
}

// Observations are not lost, whoever makes them: the highest always shows.
func TestEWMAFromManyGoroutines(t *testing.T) {
	var e EWMA
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 1000 {
				e.Observe(1, time.Duration(1+i*4+worker), false)
			}
		})
	}
	group.Wait()
	if v := e.Value(1); v != 4000 {
		t.Fatalf("value %d, want the peak of 4000", v)
	}
}

func TestHalvingIsNearThePowerOfTwo(t *testing.T) {
	for x := 0.0; x < 50; x += 0.01 {
		got, want := halving(x), math.Exp2(-x)
		if ratio := got / want; ratio < 0.999 || ratio > 1.07 {
			t.Fatalf("halving(%v) = %v, want %v", x, got, want)
		}
	}
}
