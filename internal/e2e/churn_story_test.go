package e2e

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"pingap-go/internal/testkit"
)

// What a program holds on to.
type held struct{ goroutines, descriptors, series, files int }

// holds counts what the program holds on to when nothing is under way.
func (p *program) holds() held {
	p.stage.Helper()
	p.adminClient.CloseIdleConnections()
	saved, err := os.ReadDir(p.stage.env["STATE"])
	if err != nil {
		p.stage.Fatal(err)
	}
	series := 0
	for name := range p.metrics() {
		if strings.HasPrefix(name, "pingap_") && strings.Contains(name, "upstream") {
			series++
		}
	}
	return held{runtime.NumGoroutine(), len(openFiles(p.stage.T)), series, len(saved)}
}

// Instances come and go under load, and the configuration changes: in the end the
// program holds on to no more than in the beginning. (The day of churn of package
// upstream is the same with a clock of its own, and without sockets.)
func TestChurnUnderLoadLeavesNothingBehind(t *testing.T) {
	agent := consulAgent(t, false)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	const slots = 6
	text := strings.Replace(consulAPI, `service = "api"`, "service = \"api\"\nidle_timeout = \"500ms\"", 1)
	name := func(round, slot int) string { return fmt.Sprintf("r%02d-%d", round, slot) }
	ids := make([]string, slots)
	for slot := range slots {
		ids[slot] = name(0, slot)
		s.instance(ids[slot])
		agent.Register(t, testkit.Instance("api", ids[slot], s.env[ids[slot]]))
	}
	addrs := make([]string, slots)
	for slot := range slots {
		addrs[slot] = s.env[ids[slot]]
	}
	p := s.boot(text)
	p.awaitUp("api", patience, ids...)
	l := s.load(plan{rate: 400})
	l.more(200)
	l.end().wantNoFailure(t)
	var before held
	testkit.Eventually(t, patience, func() error {
		last := before
		if before = p.holds(); before != last {
			return fmt.Errorf("it does not come to rest: %+v, %+v", last, before)
		}
		return nil
	})

	l = s.load(plan{rate: 400})
	for round := range 60 {
		slot := round % slots
		gone := ids[slot]
		ids[slot] = name(round+1, slot)
		agent.Register(t, testkit.Instance("api", ids[slot], addrs[slot]))
		agent.Deregister(t, gone)
		p.awaitUp("api", patience, ids...)
		if round%20 == 10 {
			changed := strings.Replace(text, "[locations", fmt.Sprintf("slow_start = \"%dms\"\n[locations", round), 1)
			if err := p.change(changed); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.more(200)
	l.end().wantNoFailure(t)
	testkit.Eventually(t, 2*patience, func() error {
		after := p.holds()
		if after.goroutines > before.goroutines || after.descriptors > before.descriptors || after.series > before.series || after.files > before.files {
			return fmt.Errorf("it holds %+v, before %+v", after, before)
		}
		return nil
	})
}
