package autoroute

import (
	"fmt"
	"testing"
	"testing/synctest"
)

// Who registers thousands of tags that cannot be used does not fill the log with them.
func TestTheLogIsToldOfSomeTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := follow(t, WatcherOptions{})
		defer stop()
		c.list("web")
		for _, step := range []struct{ bad, lines, more int }{{1, 1, 0}, {mostTold + 1, mostTold + 1, 0}, {1000, 2*mostTold + 1, 1}} {
			line := "w1: urlprefix-/web"
			for i := range step.bad {
				line += fmt.Sprintf("; urlprefix-/bad%d nonsense", i)
			}
			c.sinks["web"].Update(members(line))
			c.settle()
			if told, more := c.log.Count(`msg="tag cannot`), c.log.Count(`msg="more tags`); told != step.lines || more != step.more {
				t.Errorf("with %d bad tags the log has %d lines and %d that there are more, want %d and %d", step.bad, told, more, step.lines, step.more)
			}
			if len(c.faults) != step.bad {
				t.Errorf("%d of %d are shown", len(c.faults), step.bad)
			}
		}
	})
}
