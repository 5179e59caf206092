package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const fiveMistakes = `[upstreams.api]
addrs = ["127.0.0.1:8080"]
algorithm = "round_robbin"

[locations.api]
upstream = "apo"
path_typ = "exact"
timeout = 3

[servers.http]
addr = "127.0.0.1"
`

const right = `[upstreams.api]
addrs = ["127.0.0.1:8080"]
[locations.api]
upstream = "api"
[servers.http]
addr = "127.0.0.1:0"
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestValidateTellsAllMistakesAtTheirPlaces(t *testing.T) {
	path := write(t, "pingap.toml", fiveMistakes)
	got := command(t, "validate", "-config", path)
	if got.exit != 1 {
		t.Errorf("exit status %d", got.exit)
	}
	lines := strings.Split(strings.TrimSpace(got.err+got.out), "\n")
	var problems []string
	for _, line := range lines { // a line is a problem, and nothing else
		problems = append(problems, strings.TrimPrefix(line, path+":"))
	}
	want := []string{
		`3:1: upstreams.api.algorithm: `, `6:1: locations.api.upstream: `, `7:1: locations.api.path_typ: `,
		`8:1: locations.api.timeout: `, `11:1: servers.http.addr: `,
	}
	if len(problems) != len(want) {
		t.Fatalf("%d problems, not %d:\n%s", len(problems), len(want), got.err)
	}
	for n, begin := range want {
		if !strings.HasPrefix(problems[n], begin) {
			t.Errorf("problem %d is %q, not %q", n, problems[n], begin)
		}
	}
	for n, meant := range map[int]string{0: `"round_robin"`, 1: `"api"`, 2: `"path_type"`} {
		if !strings.Contains(problems[n], "did you mean "+meant) {
			t.Errorf("problem %d does not think of %s: %s", n, meant, problems[n])
		}
	}
}

// What only the engine can find out stands at its key, too.
func TestValidateLooksIntoFilesAndPlugins(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"a CA file that is not there", "[upstreams.api]\naddrs = [\"127.0.0.1:1\"]\nsni = \"x\"\nca_file = \"/nowhere.pem\"\n",
			":4:1: upstreams.api.ca_file: open /nowhere.pem"},
		{"a mistyped category", "[plugins.pong]\ncategory = \"pong\"\n", `:2:1: plugins.pong.category: unknown plugin category "pong" (did you mean "ping"?)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := command(t, "validate", "-config", write(t, "pingap.toml", c.text))
			if got.exit != 1 || !strings.Contains(got.err, c.says) {
				t.Errorf("exit status %d, says %s", got.exit, got.err)
			}
		})
	}
}

func TestCommandsAndTheirExitStatus(t *testing.T) {
	good, bad := write(t, "good.toml", right), write(t, "bad.toml", fiveMistakes)
	for _, c := range []struct {
		name string
		args []string
		exit int
		says string
	}{
		{"one dash", []string{"validate", "-config", good}, 0, "ok"},
		{"two dashes", []string{"validate", "--config", good}, 0, "ok"},
		{"an equals sign", []string{"validate", "--config=" + good}, 0, "ok"},
		{"the variable stands in", []string{"PINGAP_CONFIG=" + good, "validate"}, 0, "ok"},
		{"a directory", []string{"validate", "-config", filepath.Dir(good)}, 0, "ok"},
		{"a bad file", []string{"validate", "-config", bad}, 1, "round_robbin"},
		{"a bad file, to run", []string{"-config", bad}, 1, "round_robbin"},
		{"a file that is not there", []string{"validate", "-config", good + "x"}, 1, "no such file"},
		{"no configuration", []string{"validate"}, 2, "PINGAP_CONFIG"},
		{"no configuration, to run", nil, 2, "PINGAP_CONFIG"},
		{"an unknown flag", []string{"validate", "-confg", good}, 2, "confg"},
		{"an unknown command", []string{"valdate"}, 2, "valdate"},
		{"an argument too many", []string{"validate", "-config", good, "more"}, 2, "more"},
		{"version", []string{"version"}, 0, "go1."},
		{"version as a flag", []string{"--version"}, 0, "go1."},
		{"help", []string{"-h"}, 0, "validate"},
		{"help of a command", []string{"validate", "-h"}, 0, "PINGAP_CONFIG"},
		{"help of the default command", []string{"run", "--help"}, 0, "-log-format"},
		{"nobody to wait for", []string{"wait", "--url", "http://127.0.0.1:1/", "--timeout", "300ms"}, 1, "refused"},
		{"wait without a URL", []string{"wait"}, 2, "-url"},
		{"wait for what is no URL", []string{"wait", "-url", "127.0.0.1:6189/readyz"}, 2, "http://"},
		{"status of nobody", []string{"status", "-admin", "127.0.0.1:1"}, 1, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := command(t, c.args...)
			if got.exit != c.exit {
				t.Errorf("exit status %d, not %d: %s%s", got.exit, c.exit, got.out, got.err)
			}
			if !strings.Contains(got.out+got.err, c.says) {
				t.Errorf("does not say %q: %s%s", c.says, got.out, got.err)
			}
		})
	}
}

func TestStatusRoutesAndWaitSeeARunningProgram(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.run(head + `
[upstreams.api]
addrs = ["${A}"]
[locations.api]
upstream = "api"
path = "/api"
`)
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"status", "-admin", p.api}, []string{"api", s.env["A"], "up"}},
		{[]string{"status", "-admin", "http://" + p.api + "/"}, []string{"api", s.env["A"], "up"}},
		{[]string{"status", "--admin", p.api, "--json"}, []string{`"verdict"`, `"up"`, s.env["A"]}},
		{[]string{"routes", "-admin", p.api}, []string{"/api", "api", "http"}},
		{[]string{"routes", "-admin", p.api, "-json"}, []string{`"path"`, `"/api"`}},
		{[]string{"wait", "-url", "http://" + p.api + "/readyz", "-timeout", "5s"}, nil},
	} {
		got := command(t, c.args...)
		if got.exit != 0 {
			t.Errorf("%v: exit status %d: %s", c.args, got.exit, got.err)
		}
		for _, text := range c.says {
			if !strings.Contains(got.out, text) {
				t.Errorf("%v does not say %q:\n%s", c.args, text, got.out)
			}
		}
	}
}

func TestTheFirstExampleLoadsAsItStands(t *testing.T) {
	path := write(t, "first.toml", `
[upstreams.backend_api]
addrs = ["server1:8080", "server2:8080", "server3:8080"]
algorithm = "round_robin"
health_check = "http://server1:8080/health"

[locations.api]
upstream = "backend_api"
path = "/api"
path_type = "prefix"
rewrite = "/"
headers_add = ["X-Forwarded-Proto: https"]

[servers.http]
addr = "0.0.0.0:80"
locations = ["api"]
enable_http2 = true
`)
	if got := command(t, "validate", "-config", path); got.exit != 0 {
		t.Errorf("exit status %d: %s", got.exit, got.err)
	}
}
