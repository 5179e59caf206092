package e2e

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// parts is a configuration whose parts a reload can change one by one.
type parts struct {
	location, upstream, health, plugins, server, basic, admin string
}

func (p parts) text() string {
	return fmt.Sprintf(`
[basic]
state_dir = "${STATE}"
%s
[admin]
addr = "${ADMIN}"
%s
[plugins.id]
category = "request_id"
[plugins.alive]
category = "ping"
path = "/alive"
%s
[upstreams.api]
addrs = ["${A}", "${B}"]
%s
[upstreams.same]
addrs = ["${A}", "${B}"]
[locations.api]
upstream = "api"
%s
[locations.same]
upstream = "same"
path = "/same"
[servers.http]
addr = "${PROXY}"
%s
`, p.basic, p.admin, p.plugins, p.upstream+p.health, p.location, p.server)
}

// steps are 20 changes of different parts, one of them broken.
func steps() []struct {
	name  string
	parts parts
	fails string
} {
	type step = struct {
		name  string
		parts parts
		fails string
	}
	second := "\n[servers.second]\naddr = \"${PROXY2}\"\n"
	return []step{
		{"a header rule", parts{location: `headers_set = ["X-A: 1"]`}, ""},
		{"a response header", parts{location: `response_headers_set = ["X-A: 1"]`}, ""},
		{"a rewrite", parts{location: `rewrite = "^/(.*)$ /new/$1"`}, ""},
		{"a policy", parts{upstream: `algorithm = "least_conn"`}, ""},
		{"another policy", parts{upstream: `algorithm = "hash:path"`}, ""},
		{"a retry rule", parts{upstream: "[upstreams.api.retry]\nattempts = 2"}, ""},
		{"a health check", parts{health: `health_check = "http://x/?check_frequency=100ms"`}, ""},
		{"a tcp health check", parts{health: `health_check = "tcp://x/?check_frequency=100ms"`}, ""},
		{"a plugin in the chain", parts{location: `plugins = ["id"]`}, ""},
		{"two plugins in the chain", parts{location: `plugins = ["alive", "id"]`}, ""},
		{"a new plugin", parts{location: `plugins = ["more"]`, plugins: "[plugins.more]\ncategory = \"response_headers\"\nset_headers = [\"X-B: 2\"]"}, ""},
		{"a broken file", parts{location: `plugins = ["nobody"]`}, "nobody"},
		{"a server added", parts{server: second}, ""},
		{"the server removed", parts{}, ""},
		{"a second address", parts{server: "locations = [\"same\", \"api\"]" + second}, ""},
		{"limits of the server", parts{server: `idle_timeout = "30s"`}, ""},
		{"an access log", parts{server: `access_log = "combined"`}, ""},
		{"who is trusted", parts{basic: "trusted_proxies = [\"127.0.0.0/8\"]"}, ""},
		{"a token of the admin API", parts{admin: `token = "${A}"`}, ""},
		{"everything as it was", parts{}, ""},
	}
}

func TestTwentyReloadsUnderLoadFailNoRequest(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	s.instance("B")
	p := s.boot(parts{}.text())
	l, same := s.load(plan{clients: 6}), s.load(plan{clients: 2, path: "/same"})
	for n, step := range steps() {
		l.more(50)
		err := p.change(step.parts.text())
		switch {
		case step.fails == "" && err != nil:
			t.Fatalf("reload %d, %s: %v", n+1, step.name, err)
		case step.fails != "" && (err == nil || !strings.Contains(err.Error(), step.fails)):
			t.Fatalf("reload %d, %s: the error is %v", n+1, step.name, err)
		}
	}
	l.more(50)
	same.more(50)
	l.end().wantNoFailure(t)
	tally := same.end()
	tally.wantNoFailure(t)
	p.wantMetric("20", "pingap_config_generation")
	p.wantMetric("20", `pingap_config_reloads_total{result="success"}`)
	p.wantMetric("1", `pingap_config_reloads_total{result="failure"}`)
	kept := uint64(0)
	for _, e := range p.upstream("same").Endpoints {
		kept += e.Requests
	}
	if int(kept) != tally.requests {
		t.Errorf("a pool that no reload touched counts %d requests of %d", kept, tally.requests)
	}
}

// A pool that did not change keeps its connections over a reload, and a listener
// that stays keeps the clients'.
func TestReloadsKeepConnections(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	s.instance("B")
	p := s.boot(head + single)
	c := &client{plan: plan{addr: p.proxy, method: "GET", path: "/"}}
	defer c.close()
	ask := func() {
		t.Helper()
		if _, err := c.exchange(); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	before := c.nc.LocalAddr()
	for n := range 3 {
		text := fmt.Sprintf("%s%s\nheaders_set = [\"X-N: %d\"]\n", head, single, n)
		if err := p.change(text); err != nil {
			t.Fatal(err)
		}
		ask()
	}
	if c.nc.LocalAddr() != before {
		t.Error("the client had to connect again")
	}
	if n := a.conns.Load(); n != 1 {
		t.Errorf("the instance saw %d connections, not one", n)
	}
	if e := p.upstream("api").Endpoints[0]; e.Requests != 4 {
		t.Errorf("the endpoint counts %d requests, not 4", e.Requests)
	}
}

func TestServersComeAndGoByReload(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(head + single)
	if _, err := net.Dial("tcp", s.env["PROXY2"]); err == nil {
		t.Fatal("somebody listens already")
	}
	if err := p.change(head + "[servers.second]\naddr = \"${PROXY2}\"\n" + single); err != nil {
		t.Fatal(err)
	}
	second := s.face(s.env["PROXY2"], s.env["ADMIN"])
	if r := second.get("/"); r.StatusCode != 200 {
		t.Errorf("the new server answers %d", r.StatusCode)
	}
	if err := p.change(head + single); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		c, err := net.Dial("tcp", s.env["PROXY2"])
		if err != nil {
			return nil
		}
		_ = c.Close()
		return fmt.Errorf("the removed server still listens")
	})
}

// An address that somebody else has is found before anything changes.
func TestAReloadThatCannotListenChangesNothing(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	l, err := net.Listen("tcp", s.env["PROXY2"])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := s.boot(head + single)
	err = p.change(head + "[servers.second]\naddr = \"${PROXY2}\"\n" + single + "path = \"/new\"\n")
	if err == nil || !strings.Contains(err.Error(), "servers.second.addr") {
		t.Errorf("the error is %v", err)
	}
	if r := p.get("/"); r.StatusCode != 200 {
		t.Errorf("the old configuration answers %d", r.StatusCode)
	}
}

func TestSIGHUPAndTheAPIReload(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	s.instance("B")
	p := s.run(head + single)
	l := s.load(plan{clients: 4, leaves: true})
	status := func(path string, want int) {
		t.Helper()
		testkit.Eventually(t, patience, func() error {
			if r := p.get(path); r.StatusCode != want {
				return fmt.Errorf("%s answers %d, not %d", path, r.StatusCode, want)
			}
			return nil
		})
	}
	more := func(name string) string {
		return "[plugins." + name + "]\ncategory = \"mock\"\nstatus = 201\n[locations." + name + "]\npath = \"/" + name + "\"\nplugins = [\"" + name + "\"]\n"
	}
	status("/hup", 200)
	p.write(head + single + more("hup"))
	p.signal(syscall.SIGHUP)
	status("/hup", 201)

	p.write(head + single + more("hup") + more("api2"))
	if r := p.admin("POST", "/api/v1/reload"); r.StatusCode != 200 || !strings.Contains(r.body, "3") {
		t.Errorf("reload answers %d %s", r.StatusCode, r.body)
	}
	status("/api2", 201)

	p.write(strings.Replace(head+single, `upstream = "api"`, `upstream = "apo"`, 1))
	r := p.admin("POST", "/api/v1/reload")
	if r.StatusCode != 422 && r.StatusCode != 400 || !strings.Contains(r.body, "locations.api.upstream") {
		t.Errorf("a broken file is answered by %d %s", r.StatusCode, r.body)
	}
	p.signal(syscall.SIGHUP)
	p.err.awaitText(t, "reload failed")
	status("/api2", 201)
	l.more(100)
	began := time.Now()
	p.signal(syscall.SIGHUP) // and at once the end
	p.signal(syscall.SIGTERM)
	p.wantExit(0)
	l.end().wantNoFailure(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %s", took)
	}
}

// A reload that moves the admin API and protects it does both or neither.
func TestTheAdminAPIMovesWithItsToken(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	moved := func(more string) string {
		text := strings.Replace(head, `addr = "${ADMIN}"`, "addr = \"${PROXY2}\"\ntoken = \"secret\"", 1)
		return text + more + single
	}
	taken, err := net.Listen("tcp", s.env["NOBODY"])
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := s.boot(head + single)
	if err := p.change(moved("[servers.second]\naddr = \"${NOBODY}\"\n")); err == nil {
		t.Fatal("a server listens where somebody else does")
	}
	if r := p.admin("GET", "/api/v1/upstreams"); r.StatusCode != 200 {
		t.Errorf("after the reload that failed the API answers %d without a token", r.StatusCode)
	}
	if err := p.change(moved("")); err != nil {
		t.Fatal(err)
	}
	there := s.face(s.env["PROXY"], s.env["PROXY2"])
	if r := there.admin("GET", "/api/v1/upstreams"); r.StatusCode != 401 {
		t.Errorf("the protected API answers %d without a token", r.StatusCode)
	}
	if r := there.admin("GET", "/readyz"); r.StatusCode != 200 {
		t.Errorf("/readyz answers %d", r.StatusCode)
	}
}
