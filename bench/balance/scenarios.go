package main

import (
	"fmt"
	"io"
	"time"
)

// sick is the index of the host that is not like the others.
const sick = 3

// policies are those that choose by what hosts do; the first is the yardstick.
var policies = []string{"round_robin", "random", "least_conn", "p2c", "ewma"}

// rates are requests a second in the scenario of a slow host: from a pool that is
// mostly idle to one with a few requests under way at each host.
var rates = []int{50, 200, 1000, 5000}

// oneSlow is ten hosts of 5 ms, one of them a hundred times slower.
func oneSlow(rate int) scenario {
	s := tenHosts(rate)
	s.service[sick] *= 100
	return s
}

// oneFailing is ten hosts of 5 ms, one of which fails nine in ten requests, five
// times as fast as the others answer.
func oneFailing(rate int) scenario {
	s := tenHosts(rate)
	s.service[sick] /= 5
	s.failing = make([]float64, len(s.service))
	s.failing[sick] = 0.9
	return s
}

func tenHosts(rate int) scenario {
	s := scenario{rate: rate, duration: 70 * time.Second, warmUp: 10 * time.Second, seed: 1}
	for range 10 {
		s.service = append(s.service, 5*time.Millisecond)
	}
	return s
}

// reportSlow prints what is left of a slow host under each policy.
func reportSlow(w io.Writer) error {
	fmt.Fprintln(w, "| requests/s | policy | p50 | p99 | p99.9 | p99 / round_robin | share of the slow host |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
	for _, rate := range rates {
		var yardstick time.Duration
		for _, policy := range policies {
			r, err := simulate(policy, oneSlow(rate))
			if err != nil {
				return err
			}
			p99 := r.percentile(0.99)
			if yardstick == 0 {
				yardstick = p99
			}
			fmt.Fprintf(w, "| %d | %s | %s | %s | %s | %.3f | %.3f%% |\n", rate, policy,
				milliseconds(r.percentile(0.5)), milliseconds(p99), milliseconds(r.percentile(0.999)),
				float64(p99)/float64(yardstick), 100*r.share(sick))
		}
	}
	return nil
}

// reportFailing prints how many requests a host that fails fast draws, with
// nothing but the policy to keep them away.
func reportFailing(w io.Writer) error {
	fmt.Fprintln(w, "| requests/s | policy | share of the failing host | failed requests |")
	fmt.Fprintln(w, "|---|---|---|---|")
	for _, policy := range policies {
		r, err := simulate(policy, oneFailing(1000))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| 1000 | %s | %.3f%% | %.3f%% |\n", policy, 100*r.share(sick),
			100*float64(r.failures)/float64(len(r.latencies)))
	}
	return nil
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
