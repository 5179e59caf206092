package engine

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pingap-go/config"
)

// One run tells what is wrong with keys, with plugins, with variables and with
// access logs, each where it stands.
func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	text := `[plugins.m]
category = "mock"
status = 99
headers = ["X"]
delay = "2m"
pth = "/x"
[plugins.cors]
category = "cors"
[plugins.near]
category = "basic_aut"
[plugins.auth]
category = "basic_auth"
realm = "\""
[plugins.none]
[locations.a]
upstrem = "u"
host = '~^(?<shop>[a-z]+)\.test$'
headers_add = ["X: $shop", "X: $shp"]
response_headers_remove = ["Content-Length"]
[upstreams.tls]
addrs = ["127.0.0.1:1"]
sni = "a"
ca_file = "/nowhere.pem"
[locations.b]
rewrite = "^/(x) /$2"
plugins = ["m"]
path = "/b"
response_headers_set = ["X-Key: hidden $oops", "Y: $nothing"]
[servers.s]
addr = "127.0.0.1:0"
access_log = "{nothing}"
[servers.t]
addr = "127.0.0.1:0"
access_log = "combine"
`
	_, err := config.Parse("x.toml", text, nil, Check)
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		t.Fatalf("error is %v", err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{ // beginnings
		`x.toml:3:1: plugins.m.status: 99 is not between 200 and 599`,
		`x.toml:4:1: plugins.m.headers: header "X" has no ":"`,
		`x.toml:5:1: plugins.m.delay: 2m0s is not between 0s and 1m0s`,
		`x.toml:6:1: plugins.m.pth: unknown key (did you mean "path"?)`,
		"x.toml:8:1: plugins.cors.category: unknown plugin category \"cors\"; Pingap's `cors` is not built yet",
		`x.toml:10:1: plugins.near.category: unknown plugin category "basic_aut" (did you mean "basic_auth"?)`,
		`x.toml:11:1: plugins.auth.authorizations: is empty: nobody could come in`,
		`x.toml:13:1: plugins.auth.realm: "\"" has characters that need quoting`,
		`x.toml:14:1: plugins.none.category: a plugin must say its category`,
		`x.toml:16:1: locations.a.upstrem: unknown key (did you mean "upstream"?)`,
		`x.toml:18:28: locations.a.headers_add: header "X": unknown variable $shp`,
		`x.toml:19:28: locations.a.response_headers_remove: Content-Length is made by the proxy`,
		`x.toml:23:1: upstreams.tls.ca_file: open /nowhere.pem: no such file`,
		`x.toml:25:1: locations.b.rewrite: `,
		`x.toml:28:25: locations.b.response_headers_set: header "X-Key": unknown variable $oops`,
		`x.toml:28:48: locations.b.response_headers_set: header "Y": unknown variable $nothing`,
		`x.toml:31:1: servers.s.access_log: access log: unknown tag {nothing}`,
		`x.toml:34:1: servers.t.access_log: "combine" is neither`,
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got:\n%s\nwant beginnings:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(err.Error(), "hidden") {
		t.Error("the value of a header rule is in an error")
	}
}

// Whatever else is wrong, Check adds to it: it must stand every half-read configuration.
func TestCheckStandsWhatIsWrongAlready(t *testing.T) {
	files, err := filepath.Glob("../config/testdata/*.bad.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		_, alone := config.Load(file, os.LookupEnv)
		_, both := config.Load(file, os.LookupEnv, Check)
		if alone == nil || both == nil {
			t.Fatalf("%s loads", file)
		}
		for line := range strings.SplitSeq(alone.Error(), "\n") {
			if !strings.Contains(both.Error(), line) {
				t.Errorf("with Check it is no longer told: %s", line)
			}
		}
	}
	for _, text := range []string{"plugins = 5", "[plugins]\na = 5", "[locations]\na = 5", "[servers]\na = []", "[[locations.a]]\nhost = 1"} {
		if _, err := config.Parse("x.toml", text, os.LookupEnv, Check); err == nil {
			t.Errorf("%q loads", text)
		}
	}
}

// What was wrong with the last reload can be seen later, until one succeeds.
func TestStatusRemembersReloads(t *testing.T) {
	p := start(t, "")
	first := p.adminStatus()
	if first.LastReload.IsZero() || first.ReloadError != "" {
		t.Errorf("after the start: %v, %q", first.LastReload, first.ReloadError)
	}
	p.set("[locations.a]\nupstream = \"nobody\"\n")
	if _, err := p.Reload(t.Context()); err == nil {
		t.Fatal("a bad configuration was loaded")
	}
	failed := p.adminStatus()
	if !failed.LastReload.Equal(first.LastReload) || !strings.Contains(failed.ReloadError, `no upstream is named "nobody"`) {
		t.Errorf("after a failure: %v, %q", failed.LastReload, failed.ReloadError)
	}
	p.reload("")
	if now := p.adminStatus(); !now.LastReload.After(first.LastReload) || now.ReloadError != "" {
		t.Errorf("after a success: %v, %q", now.LastReload, now.ReloadError)
	}
}

// What a location matches may be a secret, too.
func TestRoutesShowNoSecrets(t *testing.T) {
	p := start(t, `
[upstreams.a]
addrs = ["127.0.0.1:1"]
[locations.a]
upstream = "a"
match_headers = ["X-Api-Key:hidden", "X-Group:shown"]
match_cookies = ["session:hidden"]
[servers.s]
addr = "127.0.0.1:0"
`)
	got := p.adminRoutes()[0].Match
	if want := []string{"header X-Api-Key: ***", "header X-Group:shown", "cookie session: ***"}; !slices.Equal(got, want) {
		t.Errorf("shows %q, want %q", got, want)
	}
}

// What is wrong with the way to Consul is told once, where it stands, and not by
// everybody who wants to go there. Without a section the environment was wrong.
func TestAMistakeAboutConsulIsToldOnce(t *testing.T) {
	users := `[upstreams.a]
discovery = "consul"
service = "a"
[upstreams.b]
discovery = "consul"
service = "b"
[services.c]
port = 1
[servers.d]
addr = "127.0.0.1:0"
[auto_routes]
enabled = true
`
	tests := map[string]struct {
		section string
		env     string
		want    string
	}{
		"a file that is not there": {"[consul]\nscheme = \"https\"\ntls_ca_file = \"/nowhere.pem\"\n", "",
			`x.toml:13:1: consul: consul tls: Error loading CA File: open /nowhere.pem: no such file or directory`},
		"an address": {"[consul]\naddress = \"ftp://x\"\n", "",
			`x.toml:13:1: consul: consul address "ftp://x": scheme "ftp" is not http, https or unix`},
		"the environment": {"", "ftp://x", `x.toml:1:1: upstreams.a: consul address "ftp://x": scheme "ftp" is not http, https or unix
x.toml:4:1: upstreams.b: consul address "ftp://x": scheme "ftp" is not http, https or unix
x.toml:7:1: services.c: consul address "ftp://x": scheme "ftp" is not http, https or unix
x.toml:11:1: auto_routes: consul address "ftp://x": scheme "ftp" is not http, https or unix`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CONSUL_HTTP_ADDR", tt.env)
			c, err := config.Parse("x.toml", users+tt.section, nil, Check)
			if err != nil {
				t.Fatal(err)
			}
			if err := Validate(c); err == nil || err.Error() != tt.want {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}
