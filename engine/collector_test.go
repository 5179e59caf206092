package engine

import "testing"

func TestGarbageIsBoundedWhereMuchIsLive(t *testing.T) {
	for _, c := range []struct {
		name string
		live uint64
		busy bool
		want int
	}{
		{"nothing is known yet", 0, false, 400},
		{"a small heap may grow far", 2 << 20, false, 400},
		{"a larger one by a bounded part", 24 << 20, false, 50},
		{"requests are worth memory", 24 << 20, true, 400},
	} {
		if got := collectAt(c.live, c.busy); got != c.want {
			t.Errorf("%s: %d%%, not %d%%", c.name, got, c.want)
		}
	}
}
