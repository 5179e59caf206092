package main

import (
	"fmt"
	"slices"
	"time"
)

// spread is times in order, for people.
type spread []time.Duration

func newSpread(times []time.Duration) spread {
	s := slices.Clone(times)
	slices.Sort(s)
	return s
}

// at is the time that this share of all are within; 0 of none.
func (s spread) at(share float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(int(share*float64(len(s))), len(s)-1)]
}

// String is minimum, median and maximum.
func (s spread) String() string {
	return fmt.Sprintf("%s / %s / %s", short(s.at(0)), short(s.at(0.5)), short(s.at(1)))
}

// percentiles is median, p99 and maximum.
func (s spread) percentiles() string {
	return fmt.Sprintf("p50 %s, p99 %s, longest %s", short(s.at(0.5)), short(s.at(0.99)), short(s.at(1)))
}

// short rounds to what matters.
func short(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(time.Millisecond)
	default:
		return d.Round(10 * time.Microsecond)
	}
}
