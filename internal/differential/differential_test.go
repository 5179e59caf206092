package differential

import (
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
	peers := []*proxy{startNginx(t), startHAProxy(t)}
	pingap := startPingap(t)
	eachCase(t, func(t *testing.T, lane int, c testCase) {
		outcomes := tryAll(t, lane, c, append([]*proxy{pingap}, peers...))
		ours := outcomes[0]
		if ours.upstream.garbage != "" {
			t.Errorf("pingap sent what is no HTTP: %s", ours.upstream.garbage)
		}
		judge(t, c, ours)
		for i, peer := range peers {
			if fault := disagreement(ours, outcomes[i+1]); fault != "" {
				t.Errorf("pingap and %s read this differently: %s", peer.name, fault)
			}
		}
	})
}

// TestPeersShowWhatTheTableIsFor holds the table itself: what it calls right
// must pass through both of the others, too.
func TestPeersShowWhatTheTableIsFor(t *testing.T) {
	peers := []*proxy{startNginx(t), startHAProxy(t)}
	var lenient sync.Map
	eachCase(t, func(t *testing.T, lane int, c testCase) {
		for i, o := range tryAll(t, lane, c, peers) {
			switch {
			case c.want == passes && len(o.upstream.messages) == 0:
				t.Errorf("%s refuses what we accept: %v", peers[i].name, o.statuses)
			case c.want == refuse && !o.refused():
				lenient.Store(fmt.Sprintf("%s %d: %s", peers[i].name, c.class, c.name), true)
			}
		}
	})
	lenient.Range(func(name, _ any) bool {
		t.Logf("accepted by %s", name)
		return true
	})
}

// eachCase runs a test for every input, as many at a time as there are lanes.
func eachCase(t *testing.T, run func(*testing.T, int, testCase)) {
	free := make(chan int, lanes)
	for lane := range lanes {
		free <- lane
	}
	t.Run("cases", func(t *testing.T) {
		for _, c := range cases() {
			t.Run(fmt.Sprintf("%d %s", c.class, c.name), func(t *testing.T) {
				t.Parallel()
				lane := <-free
				defer func() { free <- lane }()
				run(t, lane, c)
			})
		}
	})
}

// tryAll sends the input to all proxies at the same time.
func tryAll(t *testing.T, lane int, c testCase, proxies []*proxy) []outcome {
	t.Helper()
	outcomes, faults := make([]outcome, len(proxies)), make([]error, len(proxies))
	var wait sync.WaitGroup
	for i, p := range proxies {
		wait.Go(func() { outcomes[i], faults[i] = p.try(lane, c) })
	}
	wait.Wait()
	for i, err := range faults {
		if err != nil {
			t.Fatalf("%s: %v", proxies[i].name, err)
		}
	}
	return outcomes
}

// judge compares pingap's outcome with what the table wants.
func judge(t *testing.T, c testCase, o outcome) {
	t.Helper()
	arrived := len(o.upstream.messages)
	switch c.want {
	case passes:
		if want := max(c.messages, 1); arrived != want || o.refused() {
			t.Errorf("%d of %d messages arrived, statuses %v", arrived, want, o.statuses)
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
