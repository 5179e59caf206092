package nomad

import (
	"strings"
	"testing"
)

// The job pair: "front" calls "back" through its sidecar, and both are registered
// by their sidecars. All of back's allocations are replaced under load.
func TestPair(t *testing.T) {
	s := newStage(t, "raw_exec")
	s.deploy("pair", "consul="+s.consul.HTTPAddr)
	s.awaitDeployed("pair", 0)
	s.eventually("/front", 200, "back")
	for _, id := range append(s.passing("front"), s.passing("back")...) {
		if strings.HasPrefix(id, "_nomad-task-") || !strings.Contains(id, s.running("pair", strings.Split(id, "-")[0])[0][:4]) &&
			!strings.HasPrefix(id, "back-") {
			t.Errorf("instance ID %q", id)
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
