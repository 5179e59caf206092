package health

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// court is a pool of hosts before an Ejector, with a clock that a test turns.
type court struct {
	*Ejector
	now     int64
	members []Member
	next    int64
}

// newCourt seats n hosts named "a", "b", "c" and so on.
func newCourt(rules Rules, n int) *court {
	c := &court{Ejector: NewEjector(rules), now: int64(time.Hour)}
	for i := range n {
		c.members = append(c.members, Member{ID: string(rune('a' + i)), Evidence: &Evidence{}, Available: true})
	}
	c.decide()
	return c
}

func (c *court) host(id string) *Evidence { return c.members[id[0]-'a'].Evidence }

// decide returns what has changed, in words.
func (c *court) decide() string {
	d := c.Decide(c.now, c.members)
	c.next = d.Next
	var told []string
	for _, change := range d.Changes {
		told = append(told, change.ID+" "+change.Reason)
	}
	return strings.Join(told, "; ")
}

// after turns the clock, decides whenever a decision is due on the way, and
// returns what has changed.
func (c *court) after(d time.Duration) string {
	end := c.now + int64(d)
	var told []string
	for c.next <= end {
		c.now = c.next
		if t := c.decide(); t != "" {
			told = append(told, t)
		}
	}
	c.now = end
	return strings.Join(told, "; ")
}

// send lets a host have n requests with the outcome; on trial one after the
// other. It returns what the decision changed if the host asked for one.
func (c *court) send(id string, n int, o Outcome) string {
	ev := c.host(id)
	var told []string
	for range n {
		trial := ev.Phase() == OnTrial && ev.TryTrial(c.now)
		if c.Record(ev, o, trial) {
			if t := c.decide(); t != "" {
				told = append(told, t)
			}
		}
	}
	return strings.Join(told, "; ")
}

func (c *court) expect(t *testing.T, when, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", when, got, want)
	}
}

func TestRowsOfFailures(t *testing.T) {
	five := func(o Outcome) []Outcome { return []Outcome{o, o, o, o, o} }
	for _, c := range []struct {
		name     string
		outcomes []Outcome
		want     string
	}{
		{"five 5xx", five(ServerError), "a ejected for 5s: 5 consecutive 5xx"},
		{"five connect failures", five(ConnectFailed), "a ejected for 5s: 5 consecutive connect failures"},
		{"five resets", five(Reset), "a ejected for 5s: 5 consecutive resets"},
		{"five time-outs", five(TimedOut), "a ejected for 5s: 5 consecutive time-outs"},
		{"a mixture", []Outcome{TimedOut, Reset, TimedOut, ServerError, Reset},
			"a ejected for 5s: 5 consecutive failures (5xx, resets, time-outs)"},
		{"four", five(ServerError)[:4], ""},
		{"a success between", []Outcome{Reset, Reset, Reset, Reset, Success, Reset}, ""},
		{"aborts between count for nothing", []Outcome{Reset, Reset, ClientAborted, Reset, Reset, ClientAborted, Reset},
			"a ejected for 5s: 5 consecutive resets"},
		{"only aborts", append(five(ClientAborted), five(ClientAborted)...), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := newCourt(Rules{}, 2)
			var told []string
			for _, o := range c.outcomes {
				if s := pool.send("a", 1, o); s != "" {
					told = append(told, s)
				}
			}
			pool.expect(t, "ejections", strings.Join(told, "; "), c.want)
		})
	}
}

func TestWhatCountsAsFailure(t *testing.T) {
	for status, want := range map[int]Outcome{200: Success, 404: Success, 429: Success, 499: Success, 500: ServerError, 503: ServerError} {
		if got := OutcomeOf(status); got != want {
			t.Errorf("%d counts as %v, want %v", status, got, want)
		}
	}
}

func TestOneOfThreeThatFailsEverySecondRequest(t *testing.T) {
	pool := newCourt(Rules{}, 3)
	for i := range 100 {
		pool.send("a", 1, Success)
		pool.send("b", 1, Success)
		if told := pool.send("c", 1, []Outcome{Success, ServerError}[i%2]); told != "" {
			pool.expect(t, "ejection", told, "c ejected for 5s: 50% of 14 requests failed, 0% at the other hosts")
			return
		}
	}
	t.Fatal("never ejected")
}

func TestSuccessRate(t *testing.T) {
	type traffic struct{ good, bad int }
	for _, c := range []struct {
		name  string
		rules Rules
		hosts []traffic
		want  string
	}{
		{"all well", Rules{}, []traffic{{100, 0}, {100, 0}, {100, 0}}, ""},
		{"one of two", Rules{}, []traffic{{30, 30}, {60, 0}}, "a ejected"},
		{"one of three", Rules{}, []traffic{{60, 0}, {30, 30}, {60, 0}}, "b ejected"},
		{"all equally bad", Rules{}, []traffic{{50, 50}, {52, 48}, {47, 53}}, ""},
		{"not bad enough", Rules{}, []traffic{{9200, 800}, {10000, 0}, {10000, 0}}, ""},
		{"too few requests to tell", Rules{}, []traffic{{5, 4}, {100, 0}, {100, 0}}, ""},
		{"too few hosts to compare", Rules{MinHosts: 3}, []traffic{{30, 30}, {60, 0}}, ""},
		{"others have too few requests", Rules{}, []traffic{{60, 60}, {5, 0}, {5, 0}}, ""},
		{"rates do not count", Rules{IgnoreSuccessRate: true}, []traffic{{30, 30}, {60, 0}}, ""},
		{"the worse of two bad ones, then no room", Rules{}, []traffic{{60, 40}, {30, 70}, {100, 0}}, "b ejected"},
		{"both of two bad ones", Rules{}, []traffic{{60, 40}, {30, 70}, {100, 0}, {100, 0}}, "b ejected a ejected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := newCourt(c.rules, len(c.hosts))
			for i, h := range c.hosts {
				record(pool.members[i].Evidence, h.good, h.bad)
			}
			var told []string
			for _, change := range pool.Decide(pool.now, pool.members).Changes {
				told = append(told, change.ID+" "+strings.Fields(change.Reason)[0])
			}
			pool.expect(t, "ejections", strings.Join(told, " "), c.want)
		})
	}
}

// record adds requests whose failures are not in a row.
func record(ev *Evidence, good, bad int) {
	ev.requests.Add(uint64(good + bad))
	ev.failures.Add(uint64(bad))
}

func TestNeverMoreThanTheShareAndNeverTheLast(t *testing.T) {
	for _, c := range []struct {
		hosts, left int
		share       float64
	}{
		{1, 1, 0}, {2, 1, 0}, {3, 2, 0}, {4, 2, 0}, {5, 3, 0}, {10, 5, 0},
		{10, 9, 0.1}, {5, 4, 0.1}, {10, 1, 1}, {2, 1, 1}, {1, 1, 1},
	} {
		t.Run(fmt.Sprintf("%d hosts, share %v", c.hosts, c.share), func(t *testing.T) {
			pool := newCourt(Rules{MaxShare: c.share}, c.hosts)
			for _, m := range pool.members {
				pool.send(m.ID, 20, ConnectFailed)
			}
			if left := pool.left(pool.members); left != c.left {
				t.Errorf("%d left in service, want %d", left, c.left)
			}
		})
	}
}

func TestTheWorstGoFirst(t *testing.T) {
	pool := newCourt(Rules{}, 4)
	for id, failures := range map[string]int{"a": 5, "b": 9, "c": 7} {
		for range failures {
			pool.Record(pool.host(id), ConnectFailed, false)
		}
	}
	pool.expect(t, "ejections", pool.decide(),
		"b ejected for 5s: 9 consecutive connect failures; c ejected for 5s: 7 consecutive connect failures")
}
