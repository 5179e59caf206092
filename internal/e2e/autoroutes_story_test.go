package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/admin"
	"pingap-go/internal/testkit"
)

const autoRoutes = head + `
[consul]
address = "${CONSUL}"
[auto_routes]
enabled = true
hold = "${HOLD:-0s}"
`

// tagged registers an instance of the service that has its name, with tags.
func tagged(s *stage, agent *testkit.ConsulAgent, name string, tags ...string) {
	s.Helper()
	if s.env[name] == "" {
		s.instance(name)
	}
	i := testkit.Instance(name, name+"-1", s.env[name])
	i.Tags = tags
	agent.Register(s, i)
	agent.SetStatus(s, name+"-1", api.HealthPassing)
}

// gives reports how the answer to a path differs from a status and an instance.
func (f *face) gives(path string, status int, name string) error {
	if r := f.get(path); r.StatusCode != status || name != "" && r.body != name {
		return fmt.Errorf("%s answered %d %q, want %d %q", path, r.StatusCode, r.body, status, name)
	}
	return nil
}

func (f *face) eventually(path string, status int, name string) {
	f.stage.Helper()
	testkit.Eventually(f.stage, patience, func() error { return f.gives(path, status, name) })
}

// routes are the routes that the API shows, by location; faults those with a problem.
func (f *face) routes() (routes []string, faults []admin.Route) {
	f.stage.Helper()
	var list []admin.Route
	if err := json.Unmarshal([]byte(f.admin("GET", "/api/v1/routes").body), &list); err != nil {
		f.stage.Fatal(err)
	}
	for _, r := range list {
		if r.Problem != "" {
			faults = append(faults, r)
			continue
		}
		routes = append(routes, r.Location)
	}
	return routes, faults
}

// An ingress that starts again while Consul is away has the routes and instances
// that it had, says that they are old, and is live when Consul is back.
func TestARestartWithoutConsulServesTheSavedRoutes(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	tagged(s, agent, "web", "urlprefix-/web", "urlprefix-/$DC/web")
	tagged(s, agent, "shop", "urlprefix-/shop weight=lots", "urlprefix-/cart")
	tagged(s, agent, "plain", "v2")
	p := s.boot(autoRoutes)
	p.eventually("/web", 200, "web")
	p.eventually("/cart", 200, "shop")
	before, _ := p.routes()
	p.leave()
	agent.Kill()

	began := time.Now()
	p = s.boot(autoRoutes)
	testkit.Eventually(t, time.Second-time.Since(began), func() error {
		return errors.Join(p.gives("/web", 200, "web"), p.gives("/dc1/web", 200, "web"), p.gives("/cart", 200, "shop"))
	})
	t.Logf("the routes were back after %s", time.Since(began).Round(time.Millisecond))
	if u := p.upstream("web"); !u.Stale || u.Saved.IsZero() || u.LastError == "" || !slices.Equal(up(u), []string{"web-1"}) {
		t.Errorf("the pool is said to be %+v", u)
	}
	if routes, faults := p.routes(); !slices.Equal(routes, before) || len(faults) != 1 || faults[0].Instances[0] != "shop-1" {
		t.Errorf("routes are %v with the faults %+v, before %v", routes, faults, before)
	}
	if r := p.admin("GET", "/readyz"); r.StatusCode != 200 {
		t.Errorf("/readyz says %d %s", r.StatusCode, r.body)
	}
	p.wantMetric("1", `pingap_discovery_stale{upstream="web"}`)

	restart(t, agent)
	tagged(s, agent, "web", "urlprefix-/web", "urlprefix-/new")
	p.await("web", patience, stale(false))
	p.eventually("/new", 200, "web")
	p.eventually("/dc1/web", 404, "")
	if u := p.upstream("web"); !u.Saved.IsZero() || u.LastError != "" {
		t.Errorf("live again, the pool is said to be %+v", u)
	}
}

// An agent that says nothing at all delays the saved routes: by how much, the tests
// of autoroute say in virtual time.
func TestASilentConsulDelaysTheSavedRoutesByLittle(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	tagged(s, agent, "web", "urlprefix-/web")
	p := s.boot(autoRoutes)
	p.eventually("/web", 200, "web")
	p.leave()
	agent.Freeze()
	defer agent.Thaw()

	began := time.Now()
	p = s.boot(autoRoutes)
	p.eventually("/web", 200, "web")
	t.Logf("the route was back after %s", time.Since(began).Round(time.Millisecond))
	p.await("web", patience, stale(true))
	agent.Thaw()
	p.await("web", patience, stale(false))
}

// What went while the ingress was not there is gone when Consul is back.
func TestSavedRoutesEndWhenConsulSaysSo(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	tagged(s, agent, "web", "urlprefix-/web")
	tagged(s, agent, "shop", "urlprefix-/shop")
	p := s.boot(autoRoutes)
	p.eventually("/web", 200, "web")
	p.eventually("/shop", 200, "shop")
	p.leave()
	agent.Deregister(t, "shop-1")
	agent.Kill()
	p = s.boot(autoRoutes)
	p.eventually("/shop", 200, "shop")
	restart(t, agent)
	p.eventually("/shop", 404, "")
	p.eventually("/web", 200, "web")
}

// savedRoutes is the one file in which an ingress keeps what it knows.
func savedRoutes(s *stage) string {
	s.Helper()
	files, err := filepath.Glob(filepath.Join(s.env["STATE"], "auto_routes-*.json"))
	if err != nil || len(files) != 1 {
		s.Fatalf("saved were %v, %v", files, err)
	}
	return files[0]
}

func TestSavedRoutesHoldNoSecret(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	tagged(s, agent, "web", "urlprefix-/web")
	p := s.boot(autoRoutes + "\n[plugins.token]\ncategory = \"mock\"\ndata = \"s3cret\"\n")
	p.eventually("/web", 200, "web")
	p.leave()
	file := savedRoutes(s)
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "urlprefix-/web") || strings.Contains(string(text), "s3cret") {
		t.Errorf("saved was %s (%v)", text, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
}

func TestDamagedRoutesAreSetAside(t *testing.T) {
	agent := consulAgent(t, true)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	tagged(s, agent, "web", "urlprefix-/web")
	p := s.boot(autoRoutes)
	p.eventually("/web", 200, "web")
	p.leave()
	agent.Kill()
	file := savedRoutes(s)
	if err := os.Truncate(file, 100); err != nil {
		t.Fatal(err)
	}
	p = s.boot(autoRoutes)
	p.log.awaitText(t, "saved automatic routes cannot be used")
	if _, err := os.Stat(file + ".damaged"); err != nil {
		t.Error(err)
	}
	if r := p.admin("GET", "/readyz?verbose"); r.StatusCode != 503 || !strings.Contains(r.body, "automatic routes wait for the catalog") {
		t.Errorf("/readyz says %d %s", r.StatusCode, r.body)
	}
	restart(t, agent)
	p.eventually("/web", 200, "web")
}

// With hold, a service that has no instance left keeps its routes for a while,
// and its requests do not end up at a broader route.
func TestHeldRoutesAnswer503(t *testing.T) {
	agent := consulAgent(t, false)
	s := newStage(t)
	s.env["CONSUL"], s.env["HOLD"] = agent.HTTPAddr, "3s"
	tagged(s, agent, "all", "urlprefix-/")
	tagged(s, agent, "web", "urlprefix-/web")
	p := s.boot(autoRoutes)
	p.eventually("/", 200, "all")
	p.eventually("/web", 200, "web")
	for _, comesBack := range []bool{true, false} {
		agent.Deregister(t, "web-1")
		testkit.Eventually(t, patience, func() error {
			if r := p.get("/web"); r.StatusCode != 503 || r.Header.Get("X-Pingap-EType") != "no_endpoint" {
				return fmt.Errorf("/web answered %d by %q", r.StatusCode, r.body)
			}
			// The pool may have heard of it before the routes have.
			if _, faults := p.routes(); len(faults) != 1 || faults[0].Upstream != "web" || !strings.Contains(faults[0].Problem, "no instance is left") {
				return fmt.Errorf("shown is %+v", faults)
			}
			return nil
		})
		if comesBack {
			tagged(s, agent, "web", "urlprefix-/web")
			p.eventually("/web", 200, "web")
		}
	}
	p.eventually("/web", 200, "all")
	if _, faults := p.routes(); len(faults) > 0 {
		t.Errorf("shown is still %+v", faults)
	}
}
