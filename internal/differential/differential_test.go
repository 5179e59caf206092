package differential

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// verdict is what pingap has to make of an input.
type verdict int

const (
	// passes: every message of it reaches the upstream.
	passes verdict = iota
	// refuse: an error status, the connection closed, no byte reaches the upstream.
	refuse
	// breaks: the head is right and the body is not. The head may be on its way
	// already; no complete message reaches the upstream, and nothing follows.
	breaks
	// cutOff: the client goes away in mid-message; the upstream gets no whole one.
	cutOff
	// either: the RFC leaves it open; only that we agree with the others counts.
	either
)

// testCase is one input.
type testCase struct {
	class int // the row of the table of smuggling classes, see cases_test.go
	name  string
	input string
	want  verdict
	// messages is how many the input holds, when it passes; 0 means 1. With
	// refuse, so many pass before the refused one.
	messages int
	// statuses are those that a refusal may have; none means 400.
	statuses []int
	// upstreamHas and upstreamLacks are looked for in the heads that arrive, in
	// lower case.
	upstreamHas, upstreamLacks []string
}

func TestPingapReadsAsTheOthersDo(t *testing.T) {
	proxies := []*proxy{startPingap(t), startNginx(t), startHAProxy(t)}
	eachCase(t, proxies, func(t *testing.T, c testCase, outcomes []outcome) {
		ours := outcomes[0]
		if ours.upstream.garbage != "" {
			t.Errorf("pingap sent what is no HTTP: %s", ours.upstream.garbage)
		}
		judge(t, c, ours)
		for i, theirs := range outcomes[1:] {
			if fault := disagreement(ours, theirs); fault != "" {
				t.Errorf("pingap and %s read this differently: %s", proxies[i+1].name, fault)
			}
		}
	})
}

// TestPeersShowWhatTheTableIsFor holds the table itself: what it calls right
// must pass through both of the others, too.
func TestPeersShowWhatTheTableIsFor(t *testing.T) {
	peers := []*proxy{startNginx(t), startHAProxy(t)}
	eachCase(t, peers, func(t *testing.T, c testCase, outcomes []outcome) {
		for i, o := range outcomes {
			switch {
			case c.want == passes && len(o.upstream.messages) == 0:
				t.Errorf("%s refuses what we accept: %v", peers[i].name, o.statuses)
			case c.want == refuse && !o.refused():
				t.Logf("%s accepts it", peers[i].name)
			}
		}
	})
}

// eachCase tries every input, as many at a time as there are lanes, and then
// runs a test over the outcomes of each.
func eachCase(t *testing.T, proxies []*proxy, run func(*testing.T, testCase, []outcome)) {
	t.Helper()
	all := cases()
	tried := make([]attempt, len(all))
	next := make(chan int)
	var wait sync.WaitGroup
	for lane := range lanes {
		wait.Go(func() {
			for i := range next {
				tried[i] = tryAll(lane, all[i], proxies)
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	wait.Wait()
	for i, c := range all {
		t.Run(fmt.Sprintf("%d %s", c.class, c.name), func(t *testing.T) {
			if tried[i].err != nil {
				t.Fatal(tried[i].err)
			}
			run(t, c, tried[i].outcomes)
		})
	}
}

// attempt is one input with all proxies.
type attempt struct {
	outcomes []outcome // in the order of the proxies
	err      error
}

// tryAll sends the input to all proxies at the same time.
func tryAll(lane int, c testCase, proxies []*proxy) attempt {
	outcomes, faults := make([]outcome, len(proxies)), make([]error, len(proxies))
	var wait sync.WaitGroup
	for i, p := range proxies {
		wait.Go(func() { outcomes[i], faults[i] = p.try(lane, c) })
	}
	wait.Wait()
	return attempt{outcomes, errors.Join(faults...)}
}

// judge compares pingap's outcome with what the table wants.
func judge(t *testing.T, c testCase, o outcome) {
	t.Helper()
	arrived := len(o.upstream.messages)
	switch c.want {
	case passes:
		if want := max(c.messages, 1); arrived != want || len(o.statuses) != want || o.refused() {
			t.Errorf("%d of %d messages arrived, and the answers are %v", arrived, want, o.statuses)
		}
	case refuse:
		if arrived != c.messages || c.messages == 0 && o.upstream.bytes > 0 {
			t.Errorf("%d messages and %d bytes reached the upstream; only %d messages are right", arrived, o.upstream.bytes, c.messages)
		}
		judgeRefusal(t, c, o)
	case breaks:
		if arrived > 0 || !o.closed || !o.refused() {
			t.Errorf("%d messages arrived, closed %v, statuses %v", arrived, o.closed, o.statuses)
		}
	case cutOff:
		if arrived > 0 {
			t.Errorf("half a message arrived as a whole one: %v", o.upstream.messages)
		}
	}
	for _, m := range o.upstream.messages {
		judgeHead(t, c, strings.ToLower(m.head))
	}
}

func judgeRefusal(t *testing.T, c testCase, o outcome) {
	t.Helper()
	allowed := c.statuses
	if allowed == nil {
		allowed = []int{400}
	}
	if len(o.statuses) != c.messages+1 || !slices.Contains(allowed, o.statuses[len(o.statuses)-1]) {
		t.Errorf("the statuses are %v; the last of %d has to be one of %v", o.statuses, c.messages+1, allowed)
	}
	if !o.closed {
		t.Error("the connection stays open after a refusal")
	}
}

func judgeHead(t *testing.T, c testCase, head string) {
	t.Helper()
	for _, want := range c.upstreamHas {
		if !strings.Contains(head, want) {
			t.Errorf("the upstream does not see %q:\n%s", want, head)
		}
	}
	for _, not := range c.upstreamLacks {
		if strings.Contains(head, not) {
			t.Errorf("the upstream sees %q:\n%s", not, head)
		}
	}
}

// disagreement says where two proxies divided one input into different messages.
// One that refuses what the other accepts is stricter, not of another opinion.
func disagreement(ours, theirs outcome) string {
	a, b := ours.upstream.messages, theirs.upstream.messages
	for i := range min(len(a), len(b)) {
		if a[i].framing() != b[i].framing() {
			return fmt.Sprintf("message %d is %s here and %s there", i+1, a[i].framing(), b[i].framing())
		}
	}
	if len(a) < len(b) && !ours.refused() || len(b) < len(a) && !theirs.refused() {
		return fmt.Sprintf("%d messages here (statuses %v), %d there (statuses %v)", len(a), ours.statuses, len(b), theirs.statuses)
	}
	return ""
}
