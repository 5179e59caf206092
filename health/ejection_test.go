package health

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestEjectionTrialAndReturn(t *testing.T) {
	pool := newCourt(Rules{}, 2)
	a := pool.host("a")
	pool.expect(t, "five failures", pool.send("a", 5, ServerError), "a ejected for 5s: 5 consecutive 5xx")
	pool.expect(t, "before its time is over", pool.after(4999*time.Millisecond), "")
	pool.expect(t, "a straggler's success", pool.send("a", 1, Success), "")
	pool.expect(t, "time is over", pool.after(time.Millisecond), "a on trial after ejection for 5s: 1 request must succeed")

	if !a.TryTrial(pool.now) {
		t.Fatal("first request was not let through")
	}
	if a.TryTrial(pool.now) {
		t.Fatal("second request was let through beside the first")
	}
	if pool.Record(a, ClientAborted, true) || a.Phase() != OnTrial || !a.TryTrial(pool.now) {
		t.Fatal("a client that went away must leave the trial open for the next request")
	}
	if !pool.Record(a, Success, true) {
		t.Fatal("the trial is over and Decide was not asked for")
	}
	pool.expect(t, "trial request succeeded", pool.decide(), "a back after ejection for 5s")
	if a.Phase() != Serving {
		t.Errorf("phase %d", a.Phase())
	}
}

func TestEjectionTimeGrowsAndIsMadeGood(t *testing.T) {
	pool := newCourt(Rules{MaxTime: 30 * time.Second}, 2)
	pool.expect(t, "first", pool.send("a", 5, Reset), "a ejected for 5s: 5 consecutive resets")
	for _, c := range []struct {
		lasts  time.Duration
		needed string
		again  string
	}{
		{5 * time.Second, "1 request must succeed", "10s"},
		{10 * time.Second, "2 requests in a row must succeed", "20s"},
		{20 * time.Second, "3 requests in a row must succeed", "30s"},
		{30 * time.Second, "3 requests in a row must succeed", "30s"},
	} {
		pool.expect(t, "time over", pool.after(c.lasts), fmt.Sprintf("a on trial after ejection for %v: %s", c.lasts, c.needed))
		pool.expect(t, "trial failed", pool.send("a", 1, TimedOut), "a ejected for "+c.again+": trial request ended in time-outs")
	}
	pool.after(30 * time.Second)
	pool.expect(t, "two of three", pool.send("a", 2, Success), "")
	pool.expect(t, "three of three", pool.send("a", 1, Success), "a back after ejection for 30s")
	pool.after(30*time.Second + 10*time.Second) // three intervals, after the rest of the one it came back in
	pool.expect(t, "all made good", pool.send("a", 5, Reset), "a ejected for 5s: 5 consecutive resets")
}

func TestTrialThatNeverEndsDoesNotKeepTheHostOut(t *testing.T) {
	pool := newCourt(Rules{}, 2)
	pool.send("a", 5, Reset)
	pool.after(5 * time.Second)
	a := pool.host("a")
	a.TryTrial(pool.now)
	if pool.after(29 * time.Second); a.TryTrial(pool.now) {
		t.Error("another trial after 29s")
	}
	if pool.after(time.Second); !a.TryTrial(pool.now) {
		t.Error("no other trial after 30s")
	}
}

func TestStragglersDoNotDecideATrial(t *testing.T) {
	pool := newCourt(Rules{}, 2)
	pool.send("a", 5, Reset)
	pool.after(5 * time.Second)
	a := pool.host("a")
	for _, o := range []Outcome{Reset, Success, ServerError} {
		if pool.Record(a, o, false) {
			t.Errorf("%v of a request from before the ejection asked for a decision", o)
		}
	}
	pool.expect(t, "after stragglers", pool.decide(), "")
	if a.Phase() != OnTrial {
		t.Errorf("phase %d, want OnTrial", a.Phase())
	}
}

func TestPassingProbeDoesNotEndAnEjection(t *testing.T) {
	pool := newCourt(Rules{}, 3)
	pool.send("a", 5, TimedOut)
	pool.members[0].Available = false
	pool.expect(t, "probe fails", pool.decide(), "")
	pool.members[0].Available = true
	pool.expect(t, "probe passes", pool.decide(), "")
	if pool.host("a").Phase() != OutOfService {
		t.Error("a passing probe brought an ejected host back")
	}
}

func TestAbsenceDropsOldEvidence(t *testing.T) {
	pool := newCourt(Rules{}, 3)
	pool.send("b", 5, ConnectFailed) // takes the only room there is
	pool.send("a", 7, ConnectFailed)
	pool.members[0].Available = false // its probe fails
	pool.decide()
	pool.members[0].Available = true // repaired
	pool.after(5 * time.Second)
	pool.expect(t, "room again", pool.send("b", 1, Success), "b back after ejection for 5s")
	pool.expect(t, "four failures since it is back", pool.send("a", 4, ConnectFailed), "")
}

func TestEjectedHostsReturnWhenNobodyElseIsLeft(t *testing.T) {
	pool := newCourt(Rules{}, 2)
	pool.send("a", 5, ServerError)
	pool.members[1].Available = false
	pool.expect(t, "the other one's probe fails", pool.decide(), "a back before its time: nobody else is left")
	pool.members[1].Available = true
	pool.expect(t, "it is well again", pool.decide(), "")
}

func TestOtherRulesTakeOver(t *testing.T) {
	pool := newCourt(Rules{}, 2)
	pool.send("a", 5, ServerError)
	pool.Ejector = NewEjector(Rules{Consecutive: 3})
	pool.expect(t, "same ejection goes on", pool.after(5*time.Second), "a on trial after ejection for 5s: 1 request must succeed")
	pool.Ejector = NewEjector(Rules{Off: true})
	pool.expect(t, "turned off", pool.decide(), "a back before its time: ejection was turned off")
	pool.expect(t, "failures", pool.send("a", 50, ServerError), "")
}

func TestRecordFromManyGoroutines(t *testing.T) {
	const workers, each = 8, 5000
	pool := newCourt(Rules{}, 4)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				m := pool.members[(w+i)%4]
				trial := m.Evidence.Phase() == OnTrial && m.Evidence.TryTrial(int64(i+1))
				pool.Record(m.Evidence, Outcome(i%6), trial)
			}
		})
	}
	for range 200 {
		pool.after(100 * time.Millisecond)
		pool.decide()
	}
	wg.Wait()
	var requests uint64
	for _, m := range pool.members {
		requests += m.Evidence.requests.Load()
	}
	if most := uint64(workers * each); requests > most || requests < most/2 {
		t.Errorf("%d requests counted of %d", requests, most)
	}
	if pool.left(pool.members) < 2 {
		t.Errorf("%d of 4 left in service", pool.left(pool.members))
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	pool := newCourt(Rules{}, 2)
	a := pool.host("a")
	for _, o := range []Outcome{Success, ServerError, ClientAborted} {
		if n := testing.AllocsPerRun(1000, func() { pool.Record(a, o, false) }); n != 0 {
			t.Errorf("Record(%v) allocates %v times", o, n)
		}
	}
	if n := testing.AllocsPerRun(1000, func() { a.TryTrial(1) }); n != 0 {
		t.Errorf("TryTrial allocates %v times", n)
	}
}
