package e2e

import (
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/internal/testkit"
)

// Every return of the agent brings a change that it slept through.
func TestKillsOfTheConsulAgentFailNoRequest(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	p := three(s, agent)
	register(s, agent, "d")
	p.awaitUp("api", patience, "a", "b", "c", "d")
	l := s.load(plan{clients: 16, rate: 1000})
	kills, here := 3, true
	if long() {
		kills = 10
	}
	for range kills {
		agent.Kill()
		l.more(300)
		restart(t, agent)
		if here = !here; here {
			register(s, agent, "d")
			p.awaitUp("api", 10*time.Second, "a", "b", "c", "d")
		} else {
			agent.Deregister(t, "d")
			p.awaitUp("api", 10*time.Second, "a", "b", "c")
		}
	}
	l.end().wantNoFailure(t)
}

// An agent that is started again takes the checks that it runs itself for critical
// until it has run them, and says so to everybody.
func TestKillsOfAnAgentThatRunsTheChecksFailNoRequest(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	instance := testkit.Instance("api", "a", s.instance("a").addr)
	instance.Check = &api.AgentServiceCheck{TCP: s.env["a"], Interval: "3s", Timeout: "1s"}
	agent.Register(t, instance)
	p := s.boot(consulAPI)
	p.awaitUp("api", patience, "a")
	l := s.load(plan{rate: 500})
	kills := 2
	if long() {
		kills = 10
	}
	for range kills {
		agent.Kill()
		p.await("api", patience, stale(true))
		restart(t, agent)
		p.await("api", patience, stale(false))
		// The agent's own word, once it has run its check.
		testkit.Eventually(t, 2*patience, func() error {
			passing, _, err := agent.API.Health().Service("api", "", true, nil)
			if err == nil && len(passing) == 0 {
				err = errors.New("it does not pass yet")
			}
			return err
		})
		p.awaitUp("api", patience, "a")
	}
	l.end().wantNoFailure(t)
}
