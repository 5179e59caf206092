package engine

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"pingap-go/admin"
	"pingap-go/internal/plugintest"
	"pingap-go/internal/testkit"
	"pingap-go/route"
)

// router is a program with automatic routes and the agent that it follows.
type router struct {
	*program
	agent *testkit.ConsulAgent
	port  int // of the server
	head  string
}

// newRouter starts a program whose server "in" takes automatic routes; more is
// added to its configuration.
func newRouter(t *testing.T, more string) *router {
	t.Helper()
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	ports, err := testkit.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	r := &router{agent: agent, port: ports[0], head: fmt.Sprintf(`
[consul]
address = %q
[auto_routes]
enabled = true
[servers.in]
addr = "127.0.0.1:%d"
`, agent.HTTPAddr, ports[0])}
	r.program = start(t, r.head+more)
	return r
}

// register puts an instance into the catalog with tags.
func (r *router) register(service, id, address string, tags ...string) {
	r.t.Helper()
	i := testkit.Instance(service, id, address)
	i.Tags = tags
	r.agent.Register(r.t, i)
}

// eventually waits until a URL answers so.
func (r *router) eventually(url string, status int, body string) {
	r.t.Helper()
	testkit.Eventually(r.t, within, func() error { return r.says("in", url, status, body) })
}

// count asks a URL n times and counts the answers by their first word, those
// that are not 200 by their status.
func (r *router) count(url string, n int) map[string]int {
	r.t.Helper()
	counts := map[string]int{}
	for range n {
		status, body, err := r.get("in", url)
		if err != nil {
			r.t.Fatalf("%s: %v", url, err)
		}
		name, _, _ := strings.Cut(body, " ")
		if status != 200 {
			name = fmt.Sprint(status)
		}
		counts[name]++
	}
	return counts
}

// problem finds the fault of an instance in what the admin API shows.
func (r *router) problem(id string) (admin.Route, bool) {
	for _, v := range r.adminRoutes() {
		if v.Problem != "" && v.Instances[0] == id {
			return v, true
		}
	}
	return admin.Route{}, false
}

func TestRoutesComeAndGoWithTheCatalog(t *testing.T) {
	r := newRouter(t, "")
	r.eventually("http://any/", 404, "")
	web, all := instance(t, "web"), instance(t, "all")
	r.register("web", "web-1", web, "urlprefix-/web", "urlprefix-web.example.com/")
	r.eventually("http://any/web/x?q=1", 200, "web /web/x?q=1 host=any")
	r.eventually("http://web.example.com/", 200, "web / host=web.example.com")

	t.Run("the admin API says who asked for it", func(t *testing.T) {
		for _, v := range r.adminRoutes() {
			if v.Location == "/web" && v.Source == "consul" && v.Tag == "urlprefix-/web" && v.Instances[0] == "web-1" && v.Upstream == "web" && v.PathType == "starts_with" {
				return
			}
		}
		t.Errorf("routes are %+v", r.adminRoutes())
	})
	t.Run("an unhealthy service answers 503 and does not fall through", func(t *testing.T) {
		r.register("all", "all-1", all, "urlprefix-/")
		r.eventually("http://any/other", 200, "all")
		r.agent.SetStatus(t, "web-1", api.HealthCritical)
		r.eventually("http://any/web/x", 503, "")
		r.agent.SetStatus(t, "web-1", api.HealthPassing)
		r.eventually("http://any/web/x", 200, "web")
	})
	t.Run("a rewritten tag is another route", func(t *testing.T) {
		r.register("web", "web-1", web, "urlprefix-/new")
		r.eventually("http://any/new", 200, "web")
		r.eventually("http://any/web/x", 200, "all")
	})
	t.Run("the last instance takes the route and its pool along", func(t *testing.T) {
		r.agent.Deregister(t, "web-1")
		r.eventually("http://any/new", 200, "all")
		testkit.Eventually(t, within, func() error {
			if u := r.adminPools(); len(u) != 1 || u[0].Name != "all" {
				return fmt.Errorf("upstreams are %+v", u)
			}
			return nil
		})
	})
}

// optionRow is one row of the table in docs/auto-routes.md.
type optionRow struct{ tag, url, answer string }

// optionRows reads the table.
func optionRows(t *testing.T) []optionRow {
	t.Helper()
	text, err := os.ReadFile("../docs/auto-routes.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []optionRow
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) == 6 && strings.HasPrefix(cells[2], " `urlprefix-") {
			rows = append(rows, optionRow{strings.Trim(cells[2], " `"), strings.Trim(cells[3], " `"), strings.TrimSpace(cells[4])})
		}
	}
	return rows
}

// check does what a row says to an instance of its own.
// instances are the addresses of the instances by the protocol in the tag.
func (row optionRow) check(r *router, id string, instances map[string]string) {
	_, proto, _ := strings.Cut(row.tag, "proto=")
	proto, _, _ = strings.Cut(proto, " ")
	address := instances[proto]
	if address == "" {
		address = instances["http"]
	}
	r.register("app", id, address, row.tag)
	if _, why, not := strings.Cut(row.answer, "not used: "); not {
		testkit.Eventually(r.t, within, func() error {
			if p, ok := r.problem(id); !ok || !strings.Contains(p.Problem, why) {
				return fmt.Errorf("%s: problem is %+v, want %q", row.tag, p, why)
			}
			return nil
		})
	}
	if row.url == "" {
		return
	}
	status, rest, _ := strings.Cut(strings.Split(row.answer, "`")[1], " ")
	number, _ := strconv.Atoi(status)
	if number/100 == 3 {
		testkit.Eventually(r.t, within, func() error { return r.sentTo(row.url, number, rest) })
		return
	}
	r.eventually(row.url, number, strings.ReplaceAll(rest, "DST", address))
}

// sentTo reports how a redirect differs from a status and a location.
func (r *router) sentTo(url string, status int, to string) error {
	response, err := r.send("in", url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if got := response.Header.Get("Location"); response.StatusCode != status || got != to {
		return fmt.Errorf("%s: %d to %q, want %d to %q", url, response.StatusCode, got, status, to)
	}
	return nil
}

// The table of docs/auto-routes.md is this test's table.
func TestOptionsOnRequests(t *testing.T) {
	r := newRouter(t, `
[plugins.staff]
category = "basic_auth"
authorizations = ["YW5uOnMzY3JldA=="]
`)
	instances := map[string]string{
		"http": instance(t, "app"), "https": speaking(t, "tls", false, true),
		"grpc": speaking(t, "grpc", true, false), "grpcs": speaking(t, "grpcs", true, true),
	}
	rows := optionRows(t)
	if len(rows) < 25 {
		t.Fatalf("the page has %d rows", len(rows))
	}
	for n, row := range rows {
		row.check(r, fmt.Sprintf("app-%d", n), instances)
	}
}

// speaking is an instance that speaks HTTP/1.1 or HTTP/2 alone, with TLS or without.
func speaking(t *testing.T, name string, http2, tls bool) string {
	t.Helper()
	s := httptest.NewUnstartedServer(named(name))
	s.EnableHTTP2 = http2
	if http2 && !tls {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// redirectOf is where a redirect to a target sends a request for a URL.
func redirectOf(to, url string) string {
	ex := plugintest.Exchange("GET", url)
	away := &sendAway{status: 301, to: to, rewrite: route.NewStrip("", "")}
	if err := away.Serve(ex); err != nil {
		return err.Error()
	}
	return ex.Response.Header.Get("Location")
}

func TestRedirects(t *testing.T) {
	for _, c := range []struct{ to, url, want string }{
		{"https://new.example$path", "http://h:80/a/b?q=1", "https://new.example/a/b?q=1"},
		{"https://new.example/$path", "http://h/a", "https://new.example/a"},
		{"https://$host$path", "http://h.example/a", "https://h.example/a"},
		{"https://new.example/fixed", "http://h/a?q=1", "https://new.example/fixed"},
		{"https://new.example$path?x=1", "http://h/a?q=1", "https://new.example/a?x=1"},
	} {
		if got := redirectOf(c.to, c.url); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.url, c.to, got, c.want)
		}
	}
}

// A bad tag is shown with its instance and its reason, and nobody else suffers.
func TestFaultsAreShownWithTheirInstance(t *testing.T) {
	r := newRouter(t, "")
	r.register("web", "web-1", instance(t, "good"), "urlprefix-/web")
	r.register("web", "web-2", instance(t, "bad"), "urlprefix-/web weight=lots", "urlprefix-:3306 proto=tcp")
	testkit.Eventually(t, within, func() error {
		p, ok := r.problem("web-2")
		if !ok || !strings.Contains(p.Problem, "is not a share") || p.Tag != "urlprefix-/web weight=lots" || p.Upstream != "web" {
			return fmt.Errorf("problem is %+v", p)
		}
		return nil
	})
	r.eventually("http://any/web", 200, "good")
	if got := r.count("http://any/web", 20); got["good"] != 20 {
		t.Errorf("answers by %v", got)
	}
}

func TestConfiguredLocationsWinTies(t *testing.T) {
	r := newRouter(t, fmt.Sprintf(`
[upstreams.mine]
addrs = [%q]
[locations.mine]
upstream = "mine"
path = "/tie"
[locations.rest]
upstream = "mine"
`, instance(t, "mine")))
	app := instance(t, "app")
	r.register("app", "app-1", app, "urlprefix-/tie", "urlprefix-/tie/longer", "urlprefix-/")
	r.eventually("http://any/tie/longer", 200, "app")
	r.eventually("http://any/tie/x", 200, "mine")
	r.eventually("http://any/else", 200, "mine")
}

// Traffic is split by the weights of the tags; a promotion, which rewrites the
// canary's tags, changes its share and nothing else about it.
func TestCanaryAndPromotion(t *testing.T) {
	r := newRouter(t, "")
	canary := instance(t, "canary")
	r.register("web", "web-1", instance(t, "stable"), "urlprefix-/web")
	r.register("web", "web-2", instance(t, "stable"), "urlprefix-/web")
	r.register("web", "web-3", canary, "urlprefix-/web weight=0.1")
	testkit.Eventually(t, within, func() error {
		if got := r.count("http://any/web", 100); got["canary"] < 8 || got["canary"] > 12 {
			return fmt.Errorf("answers by %v", got)
		}
		return nil
	})
	before := r.endpoint("web", "web-3")

	r.register("web", "web-3", canary, "urlprefix-/web")
	testkit.Eventually(t, within, func() error {
		if got := r.count("http://any/web", 99); got["canary"] != 33 {
			return fmt.Errorf("answers by %v", got)
		}
		return nil
	})
	after := r.endpoint("web", "web-3")
	if !after.Since.Equal(before.Since) || after.Requests < before.Requests+33 {
		t.Errorf("promotion has reset the canary: %+v, before %+v", after, before)
	}
}

func (r *router) endpoint(upstream, id string) admin.Endpoint {
	r.t.Helper()
	for _, u := range r.adminPools() {
		for i := range u.Len {
			if e := u.Endpoint(i); u.Name == upstream && e.ID == id {
				return e
			}
		}
	}
	r.t.Fatalf("%s has no endpoint %s", upstream, id)
	return admin.Endpoint{}
}

// With host=dst each try names the instance that it is sent to.
func TestOwnHostOfEachTry(t *testing.T) {
	r := newRouter(t, "")
	ports, err := testkit.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	well := instance(t, "well")
	r.register("web", "web-1", fmt.Sprintf("127.0.0.1:%d", ports[0]), "urlprefix-/web host=dst")
	r.register("web", "web-2", well, "urlprefix-/web host=dst")
	r.eventually("http://any/web", 200, "well")
	for range 4 {
		if err := r.says("in", "http://any/web", 200, "well /web host="+well); err != nil {
			t.Error(err)
		}
	}
	if n := r.endpoint("web", "web-1").Failures; n == 0 {
		t.Error("no request was tried on the instance that is away")
	}
}

func TestServicesShareARouteByWeight(t *testing.T) {
	r := newRouter(t, "")
	r.register("blue", "blue-1", instance(t, "blue"), "urlprefix-/shop")
	r.register("green", "green-1", instance(t, "green"), "urlprefix-/shop weight=0.25")
	testkit.Eventually(t, within, func() error {
		if got := r.count("http://any/shop", 400); got["green"] < 60 || got["green"] > 140 {
			return fmt.Errorf("answers by %v", got)
		}
		return nil
	})
	r.agent.SetStatus(t, "blue-1", api.HealthCritical)
	testkit.Eventually(t, within, func() error {
		if got := r.count("http://any/shop", 50); got["green"] != 50 {
			return fmt.Errorf("answers by %v", got)
		}
		return nil
	})
}

func TestRoutesOutliveTheRegistry(t *testing.T) {
	r := newRouter(t, "")
	r.register("web", "web-1", instance(t, "web"), "urlprefix-/web")
	r.eventually("http://any/web", 200, "web")
	r.agent.Kill()
	testkit.Eventually(t, within, func() error {
		if u := r.adminPools(); len(u) != 1 || !u[0].Stale {
			return fmt.Errorf("upstreams are %+v", u)
		}
		return nil
	})
	if err := r.says("in", "http://any/web", 200, "web"); err != nil {
		t.Error(err)
	}
}

func TestReloadKeepsAutomaticRoutes(t *testing.T) {
	r := newRouter(t, "")
	r.register("web", "web-1", instance(t, "web"), "urlprefix-/web")
	r.eventually("http://any/web", 200, "web")
	before := r.endpoint("web", "web-1")
	r.reload(r.head + "[plugins.hello]\ncategory = \"mock\"\ndata = \"hello\"\n[locations.hello]\npath = \"/hello\"\nplugins = [\"hello\"]\n")
	if err := r.says("in", "http://any/web", 200, "web"); err != nil {
		t.Error(err)
	}
	if err := r.says("in", "http://any/hello", 200, "hello"); err != nil {
		t.Error(err)
	}
	if after := r.endpoint("web", "web-1"); !after.Since.Equal(before.Since) || after.Requests != before.Requests+1 {
		t.Errorf("the reload has reset the pool: %+v, before %+v", after, before)
	}
	r.reload(strings.Replace(r.head, "enabled = true", "enabled = false", 1))
	if err := r.says("in", "http://any/web", 404, ""); err != nil {
		t.Error(err)
	}
	r.reload(r.head)
	if err := r.says("in", "http://any/web", 200, "web"); err != nil {
		t.Errorf("right after the reload: %v", err)
	}
}

func TestRegistersItselfByTag(t *testing.T) {
	r := newRouter(t, "")
	app := instance(t, "app")
	r.register("app", "app-1", app, "urlprefix-/app register=shop")
	found := func(want int) func() error {
		return func() error {
			entries, _, err := r.agent.API.Health().Service("shop", "", true, nil)
			if err == nil && (len(entries) != want || want > 0 && entries[0].Service.Port != r.port) {
				err = fmt.Errorf("shop is %+v", entries)
			}
			return err
		}
	}
	testkit.Eventually(t, within, found(1))
	r.register("app", "app-1", app, "urlprefix-/app")
	testkit.Eventually(t, within, found(0))
	r.register("app", "app-1", app, "urlprefix-/app register=shop")
	testkit.Eventually(t, within, found(1))
	r.end() // a drain deregisters it
	testkit.Eventually(t, within, found(0))
}
