package upstream

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"pingap-go/discovery/saved"
	"pingap-go/endpoint"
	"pingap-go/health"
)

// churner lets a service come, go, move and fall ill at random.
type churner struct {
	*rig
	random  *rand.Rand
	members map[string]endpoint.Endpoint
	made    int
}

// change is one minute's news.
func (c *churner) change() {
	switch c.random.IntN(10) {
	case 0:
		c.registry.fails("connection refused")
		return
	case 1:
		clear(c.members)
	case 2, 3:
		for id, e := range c.members {
			e.Address = fmt.Sprintf("moved-%d:80", c.random.IntN(100))
			e.Tags = []string{"v" + e.Address}
			c.members[id] = e
			break
		}
	case 4, 5:
		for id := range c.members {
			delete(c.members, id)
			break
		}
	default:
		for range 1 + c.random.IntN(3) {
			c.made++
			e := one(fmt.Sprintf("e%06d", c.made))
			e.Tier = c.random.IntN(2)
			c.members[e.ID] = e
		}
		for len(c.members) > 10 {
			for id := range c.members {
				delete(c.members, id)
				break
			}
		}
	}
	list := make([]endpoint.Endpoint, 0, len(c.members))
	for _, e := range c.members {
		list = append(list, e)
		why := ""
		if c.random.IntN(5) == 0 {
			why = "answered 503"
		}
		c.clinic.says(e.Address, why)
	}
	c.registry.lists(list...)
}

// serve has a few requests come and go, of which some fail and some stay.
func (c *churner) serve(open []Lease) []Lease {
	for range 12 {
		l, err := c.lease()
		if err != nil {
			continue // nobody is there
		}
		switch c.random.IntN(6) {
		case 0:
			l.Failed(ConnectFailed, nil)
		case 1:
			open = append(open, l)
		case 2:
			l.answer(500)
		default:
			l.answer(200)
		}
	}
	for len(open) > 20 {
		open[0].answer(200)
		open = open[1:]
	}
	return open
}

// A day in which the membership changes every minute, the configuration every
// hour, and nothing may be left of what has gone.
func TestADayOfChurnLeavesNothingBehind(t *testing.T) {
	dir, saves := t.TempDir(), 0
	state, err := saved.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	descriptors := files(t, "/proc/self/fd")
	bubble(t, func(t *testing.T) {
		set := func(o *Options) {
			checked(o)
			o.Check.Frequency, o.Check.DownFrequency = 5*time.Minute, time.Minute
			o.SlowStart, o.Ejection = time.Minute, health.Rules{BaseTime: 10 * time.Second}
			o.Hedge.Percentile = 95
			o.Save = func(s endpoint.Snapshot) error { saves++; return state.Save("api", s) }
		}
		c := &churner{rig: run(t, set), random: rand.New(rand.NewPCG(1, 2)), members: map[string]endpoint.Endpoint{}}
		var open []Lease
		for minute := range 24 * 60 {
			c.change()
			open = c.serve(open)
			pass(time.Minute)
			if minute%60 == 59 {
				c.heir(minute%120 == 59, set)
			}
			if hosts := len(endpointsOf(c.Status())); hosts > 10+len(open) {
				t.Fatalf("minute %d: there are %d hosts of %d members, with %d requests under way", minute, hosts, len(c.members), len(open))
			}
		}
		for i := range open {
			open[i].answer(200)
		}
		c.registry.lists()
		pass(5 * time.Second)
		if n := len(endpointsOf(c.Status())); n != 0 {
			t.Errorf("%d hosts are left", n)
		}
		if n := c.series("endpoint="); n != 0 {
			t.Errorf("%d series of hosts are left", n)
		}
		if n := c.InFlight().Load(); n != 0 {
			t.Errorf("%d requests are left", n)
		}
		if c.made < 500 || saves < 500 {
			t.Errorf("only %d hosts have come and %d memberships were saved", c.made, saves)
		}
		c.stop()
		if n := c.series("pingap_upstream_retries"); n != 0 {
			t.Errorf("%d series of the pool are left", n)
		}
	}) // the bubble fails if a goroutine is left
	if n := files(t, dir); n != 1 {
		t.Errorf("%d files are left in the directory of memberships, want the one", n)
	}
	if n := files(t, "/proc/self/fd"); n > descriptors {
		t.Errorf("%d descriptors are open, %d were before", n, descriptors)
	}
}

// files is how many there are in a directory; 0 if it cannot be read.
func files(t *testing.T, dir string) int {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Log(err)
	}
	return len(list)
}
