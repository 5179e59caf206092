package health

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// traffic sends requests at a steady rate to the hosts that take them, in turn,
// and counts what clients see. No request is retried.
type traffic struct {
	*court
	random           *rand.Rand
	failing          []float64 // chance of a failure, by host
	turn             int
	requests, failed int
	ejections        int
	toSick           int // requests that reached host "a"
}

func newTraffic(rules Rules, seed uint64, failing ...float64) *traffic {
	return &traffic{court: newCourt(rules, len(failing)), random: rand.New(rand.NewPCG(seed, 0)), failing: failing}
}

func (tr *traffic) run(d time.Duration, perSecond int) {
	pause := int64(time.Second) / int64(perSecond)
	for end := tr.now + int64(d); tr.now < end; tr.now += pause {
		if tr.now >= tr.next {
			tr.judge()
		}
		tr.one()
	}
}

// one sends one request, to the next host that may take it.
func (tr *traffic) one() {
	for range tr.members {
		tr.turn = (tr.turn + 1) % len(tr.members)
		ev := tr.members[tr.turn].Evidence
		phase := ev.Phase()
		if phase == OutOfService || phase == OnTrial && !ev.TryTrial(tr.now) {
			continue
		}
		outcome := Success
		if tr.random.Float64() < tr.failing[tr.turn] {
			outcome = ServerError
			tr.failed++
		}
		tr.requests++
		if tr.turn == 0 {
			tr.toSick++
		}
		if tr.Record(ev, outcome, phase == OnTrial) {
			tr.judge()
		}
		return
	}
}

func (tr *traffic) judge() {
	d := tr.Decide(tr.now, tr.members)
	tr.next = d.Next
	for _, change := range d.Changes {
		if change.To == OutOfService {
			tr.ejections++
		}
	}
}

// TestSickHostOfThree is the figure of issue 6: one of three hosts answers 500
// to half of its requests, and nobody retries.
func TestSickHostOfThree(t *testing.T) {
	for _, c := range []struct {
		failing   float64
		perSecond int
		most      float64 // share of requests that fail
	}{
		{1.0, 1000, 0.001},
		{0.5, 1000, 0.001},
		{0.5, 200, 0.005},
		{0.25, 1000, 0.002},
	} {
		t.Run(fmt.Sprintf("%.0f%% of %d a second", 100*c.failing, c.perSecond), func(t *testing.T) {
			var requests, failed, toSick int
			for seed := range uint64(3) {
				tr := newTraffic(Rules{}, seed, c.failing, 0, 0)
				tr.run(time.Minute, c.perSecond)
				requests, failed, toSick = requests+tr.requests, failed+tr.failed, toSick+tr.toSick
			}
			share := float64(failed) / float64(requests)
			t.Logf("%.4f%% of requests failed; the sick host got %.3f%% of them", 100*share, 100*float64(toSick)/float64(requests))
			if share > c.most {
				t.Errorf("%.4f%% of requests failed, want at most %.4f%%", 100*share, 100*c.most)
			}
		})
	}
}

// TestHealthyPoolsAreLeftAlone asks how often chance alone ejects somebody when
// all hosts fail alike.
func TestHealthyPoolsAreLeftAlone(t *testing.T) {
	rules := Rules{Consecutive: -1}
	for _, failing := range []float64{0.001, 0.02, 0.2, 0.5} {
		t.Run(fmt.Sprintf("%v of requests fail everywhere", failing), func(t *testing.T) {
			hours, ejections := 0.0, 0
			for seed := range uint64(3) {
				tr := newTraffic(rules, seed, failing, failing, failing, failing)
				tr.run(3*time.Minute, 100)
				hours += 0.05
				ejections += tr.ejections
			}
			t.Logf("%.1f ejections an hour", float64(ejections)/hours)
			if ejections > 3 {
				t.Errorf("%d ejections in %.1f hours", ejections, hours)
			}
		})
	}
}
