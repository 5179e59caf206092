package mono

import (
	"testing"
	"time"
)

func TestSeldomIsDueAfterItsTime(t *testing.T) {
	var s Seldom
	const every = 10 * time.Second
	for _, c := range []struct {
		at   time.Duration
		want bool
	}{{time.Second, true}, {time.Second, false}, {11*time.Second - 1, false}, {11 * time.Second, true}, {12 * time.Second, false}} {
		if got := s.Due(int64(c.at), every); got != c.want {
			t.Errorf("at %v: %v", c.at, got)
		}
	}
}
