package nomad

import (
	"path/filepath"
	"strings"
	"testing"

	"pingap-go/internal/testkit"
)

// The job pair: "front" calls "back" through its sidecar, and both are registered
// by their sidecars. All of back's allocations are replaced under load.
func TestPair(t *testing.T) {
	s := newStage(t, "raw_exec")
	s.deploy("pair", "consul="+s.consul.HTTPAddr)
	s.awaitDeployed("pair", 0)
	s.eventually("/front", 200, "back")
	for _, group := range []string{"front", "back"} {
		ids := strings.Join(s.passing(group), " ") + " "
		for _, allocation := range s.running("pair", group) {
			if !strings.Contains(ids, group+"-"+allocation+"-") {
				t.Errorf("instances %s, none is %s-%s-PORT", ids, group, allocation)
			}
		}
	}
	l := s.load("/front")
	s.replaceAll("pair", "back", "back")
	l.end().wantNoFailure(t)
	if len(l.answers) != 2 {
		t.Errorf("answers by %v", l.answers)
	}
	s.stop("pair")
	s.stop("ingress")
	s.wantNothingLeft()
}

// The same jobs with the exec driver: chroots, other users.
func TestExecDriver(t *testing.T) {
	s := newStage(t, "exec")
	s.deploy("web")
	s.deploy("pair", "consul="+s.consul.HTTPAddr)
	s.awaitDeployed("web", 0)
	s.awaitDeployed("pair", 0)
	s.eventually("/web", 200, "web v1")
	s.eventually("/front", 200, "back")
	for _, name := range []string{"web", "pair", "ingress"} {
		s.stop(name)
	}
	s.wantNothingLeft()
}

// Every file under nomad/ is a job that Nomad takes, Docker's too, which cannot
// run here.
func TestJobsAreValid(t *testing.T) {
	files, err := filepath.Glob("../../../nomad/*/*.nomad.hcl")
	if err != nil || len(files) != 6 {
		t.Fatalf("jobs are %v (%v)", files, err)
	}
	n := testkit.Nomad(t, testkit.NomadOptions{Consul: "127.0.0.1:1"})
	for _, file := range files {
		if _, err := n.Command("job", "validate", file); err != nil {
			t.Error(err)
		}
	}
}
