package balance

import (
	"testing"
	"time"
)

// One of ten hosts takes a hundred times as long. bench/balance says what that
// does to latency; here the picks are counted.
func TestShareOfASlowHost(t *testing.T) {
	for algorithm, test := range map[string]struct{ least, most float64 }{
		"round_robin": {0.099, 0.101},
		"random":      {0.08, 0.12},
		"least_conn":  {0, 0.01},
		"p2c":         {0, 0.01},
		"ewma":        {0, 0.001},
	} {
		t.Run(algorithm, func(t *testing.T) {
			if share := slowShare(t, algorithm); share < test.least || share > test.most {
				t.Fatalf("the slow host had %.2f%% of the picks, want %v to %v", 100*share, 100*test.least, 100*test.most)
			}
		})
	}
}

// slowShare sends a request every millisecond for a minute, to nine hosts that
// answer after 5 ms and one that answers after 500.
func slowShare(t *testing.T, algorithm string) float64 {
	const slow, requests = 0, 60_000
	candidates, due := equalHosts(10), make(map[int][]int)
	picker, asks := pickerOf(t, algorithm, candidates), newAsks(1)
	took := func(host int) int {
		if host == slow {
			return 500
		}
		return 5
	}
	slowPicks := 0
	for now := range requests {
		clock := int64(now) * int64(time.Millisecond)
		for _, host := range due[now] {
			candidates[host].Load.InFlight.Add(-1)
			candidates[host].Load.Latency.Observe(clock, time.Duration(took(host))*time.Millisecond, false)
		}
		delete(due, now)
		ask := asks.next()
		ask.Now = clock
		host := picker.Pick(ask)
		candidates[host].Load.InFlight.Add(1)
		due[now+took(host)] = append(due[now+took(host)], host)
		if host == slow && now >= requests/6 {
			slowPicks++
		}
	}
	return float64(slowPicks) / (requests - requests/6)
}
