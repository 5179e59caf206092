package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/admin"
	"pingap-go/internal/testkit"
)

// three registers instances a, b and c of "api" and boots a proxy for them.
func three(s *stage, agent *testkit.ConsulAgent) *program {
	s.Helper()
	return threeVia(s, agent, agent.HTTPAddr)
}

// threeVia has the proxy ask at another address than the agent's own.
func threeVia(s *stage, agent *testkit.ConsulAgent, address string) *program {
	s.Helper()
	s.env["CONSUL"] = address
	for _, name := range []string{"a", "b", "c"} {
		register(s, agent, name)
	}
	p := s.boot(consulAPI)
	p.awaitUp("api", patience, "a", "b", "c")
	return p
}

// register registers an instance of "api". An agent that is started again takes
// TTL checks for critical whose status was never updated.
func register(s *stage, agent *testkit.ConsulAgent, name string) {
	s.Helper()
	if s.env[name] == "" {
		s.instance(name)
	}
	agent.Register(s, testkit.Instance("api", name, s.env[name]))
	agent.SetStatus(s, name, api.HealthPassing)
}

func stale(want bool) func(admin.Upstream) error {
	return func(u admin.Upstream) error {
		if u.Stale != want {
			return fmt.Errorf("stale is %t (last error %q)", u.Stale, u.LastError)
		}
		return nil
	}
}

func restart(t *testing.T, agent *testkit.ConsulAgent) {
	t.Helper()
	if err := agent.Restart(); err != nil {
		t.Fatal(err)
	}
}

func TestRequestsGoOnWhileConsulIsStopped(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	p := three(s, agent)
	l := s.load(plan{rate: 500})
	p.wantMetric("0", `pingap_discovery_stale{upstream="api"}`)

	agent.Kill()
	p.await("api", patience, stale(true))
	p.wantMetric("1", `pingap_discovery_stale{upstream="api"}`)
	u := p.upstream("api")
	if u.LastError == "" || len(up(u)) != 3 {
		t.Errorf("while Consul is away the API says %+v", u)
	}
	l.more(500)

	restart(t, agent)
	p.await("api", 10*time.Second, stale(false))
	p.wantMetric("0", `pingap_discovery_stale{upstream="api"}`)
	l.more(100)
	l.end().wantNoFailure(t)
	if warned := strings.Count(p.log.String(), "membership is stale"); warned != 1 {
		t.Errorf("one outage was logged %d times", warned)
	}
}

// A silent agent keeps its connections and answers nothing: it is frozen, or a
// firewall drops what goes to its port.
func TestASilentConsulAgentFailsNoRequest(t *testing.T) {
	for name, silence := range map[string]func(*testkit.ConsulAgent, *testkit.Relay) (end func()){
		"frozen":      func(a *testkit.ConsulAgent, _ *testkit.Relay) func() { a.Freeze(); return a.Thaw },
		"black-holed": func(_ *testkit.ConsulAgent, r *testkit.Relay) func() { r.Swallow(); return r.Restore },
	} {
		t.Run(name, func(t *testing.T) {
			agent := consulAgent(t, true)
			relay := testkit.NewRelay(t, agent.HTTPAddr)
			s := newStage(t)
			p := threeVia(s, agent, relay.Addr)
			l := s.load(plan{clients: 8, rate: 1000})
			end := silence(agent, relay)
			defer end()
			if long() {
				<-time.After(2 * time.Minute)
			}
			p.await("api", 3*patience, stale(true))
			l.more(1000)
			end()
			agent.Deregister(t, "c")
			p.awaitUp("api", 10*time.Second, "a", "b")
			l.end().wantNoFailure(t)
			if warned := strings.Count(p.log.String(), "membership is stale"); warned != 1 {
				t.Errorf("one silence was logged %d times", warned)
			}
		})
	}
}

func TestAProxyStartedWithoutConsulHealsByItself(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	register(s, agent, "a")
	agent.Kill()

	p := s.boot(consulAPI)
	if r := p.admin("GET", "/livez"); r.StatusCode != 200 {
		t.Errorf("/livez says %d", r.StatusCode)
	}
	r := p.admin("GET", "/readyz?verbose")
	if r.StatusCode != 503 || !strings.Contains(r.body, `"api"`) || !strings.Contains(r.body, "consul") {
		t.Errorf("/readyz says %d %q, not which pool waits", r.StatusCode, r.body)
	}
	if r := p.get("/"); r.StatusCode != 503 || r.Header.Get("X-Pingap-EType") != "no_endpoint" {
		t.Errorf("a request gets %d %s", r.StatusCode, r.Header.Get("X-Pingap-EType"))
	}

	restart(t, agent)
	p.awaitUp("api", 10*time.Second, "a")
	if r := p.get("/"); r.StatusCode != 200 {
		t.Errorf("healed, a request gets %d", r.StatusCode)
	}
	if r := p.admin("GET", "/readyz"); r.StatusCode != 200 {
		t.Errorf("healed, /readyz says %d %s", r.StatusCode, r.body)
	}
}

func TestARestartWithoutConsulServesFromTheSavedMembership(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	p := three(s, agent)
	p.leave()
	agent.Kill()
	defer restart(t, agent)

	began := time.Now()
	p = s.boot(consulAPI)
	testkit.Eventually(t, time.Second-time.Since(began), func() error {
		if r := p.get("/"); r.StatusCode != 200 {
			return errors.New(r.Status)
		}
		return nil
	})
	t.Logf("the first answer came after %s", time.Since(began).Round(time.Millisecond))
	u := p.upstream("api")
	if !u.Stale || u.Saved.IsZero() || len(up(u)) != 3 {
		t.Errorf("the pool is said to be %+v", u)
	}
	if r := p.admin("GET", "/readyz"); r.StatusCode != 200 {
		t.Errorf("/readyz says %d %s", r.StatusCode, r.body)
	}
}

func TestADamagedMembershipIsSetAside(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	p := three(s, agent)
	p.leave()
	agent.Kill()
	files, err := filepath.Glob(filepath.Join(s.env["STATE"], "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("saved were %v, %v", files, err)
	}
	if err := os.Truncate(files[0], 100); err != nil {
		t.Fatal(err)
	}

	p = s.boot(consulAPI)
	p.log.awaitText(t, "saved membership cannot be used")
	if _, err := os.Stat(files[0] + ".damaged"); err != nil {
		t.Error(err)
	}
	p.await("api", patience, wantCondition("not_synced"))
	restart(t, agent)
	p.awaitUp("api", 10*time.Second, "a", "b", "c")
}
