package nomad

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"pingap-go/internal/testkit"
)

// The job web, registered by Nomad, behind the ingress: a new version as canary,
// its promotion, a drain of all allocations, a reload and a drain of its node, all
// under load.
func TestWeb(t *testing.T) {
	s := newStage(t, "raw_exec")
	s.deploy("web")
	s.awaitDeployed("web", 0)
	s.eventually("/web", 200, "web v1")
	l := s.load("/web")

	t.Run("the sidecars keep to the memory that Nomad gives them", func(t *testing.T) {
		for _, id := range s.running("web", "web") {
			said, err := s.nomad.Command("alloc", "logs", "-stderr", "-task", "proxy", id)
			if want := "57 MiB (NOMAD_MEMORY_LIMIT)"; err != nil || !strings.Contains(said, want) {
				t.Errorf("nobody says %q (%v), but:\n%s", want, err, said)
			}
		}
	})
	t.Run("a canary takes the part that its tag says", func(t *testing.T) {
		s.deploy("web", "version=v2")
		s.awaitDeployment("web", func(d *deployment) bool {
			return d.JobVersion == 1 && len(d.TaskGroups["web"].PlacedCanaries) == 1 && d.TaskGroups["web"].HealthyAllocs == 1
		})
		s.eventually("/web", 200, "web v2")
		l.tally()
		testkit.Eventually(t, patience, func() error {
			l.mu.Lock()
			defer l.mu.Unlock()
			if n := l.answers["web v1"] + l.answers["web v2"]; n < 600 {
				return fmt.Errorf("%d requests", n)
			}
			return nil
		})
		answers := l.tally()
		if part := float64(answers["web v2"]) / float64(answers["web v1"]+answers["web v2"]); part < 0.05 || part > 0.15 {
			t.Errorf("the canary took %.2f of the requests: %v", part, answers)
		}
	})
	t.Run("its promotion brings the version everywhere", func(t *testing.T) {
		d := s.awaitDeployment("web", func(d *deployment) bool { return d.JobVersion == 1 })
		s.command("deployment", "promote", "-detach", d.ID)
		s.awaitDeployed("web", 1)
		testkit.Eventually(t, patience, func() error {
			l.tally()
			for range 20 {
				if err := s.says("/web", 200, "web v2"); err != nil {
					return err
				}
			}
			return nil
		})
	})
	t.Run("all allocations are drained, one after the other", func(t *testing.T) {
		s.replaceAll("web", "web", "web")
	})
	t.Run("a changed template reloads by SIGHUP", func(t *testing.T) {
		put := &api.KVPair{Key: "web/greeting", Value: []byte("good evening")}
		if _, err := s.consul.API.KV().Put(put, nil); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, patience, func() error {
			for range 4 { // both of them
				res, _, err := s.ask("/web")
				if err != nil {
					return err
				}
				if got := res.Header.Get("X-Greeting"); got != "good evening" {
					return fmt.Errorf("greeting %q", got)
				}
			}
			return nil
		})
	})
	t.Run("its node is drained, and the other one after it", func(t *testing.T) {
		second := s.addNode(t)
		s.drainNode(s.nomad, second, "web", 2)
		s.drainNode(second, s.nomad, "web", 2)
	})
	l.end().wantNoFailure(t)
	s.stop("web")
	s.stop("ingress")
	s.wantNothingLeft()
}
