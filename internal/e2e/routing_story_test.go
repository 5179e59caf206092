package e2e

import (
	"strings"
	"testing"
)

// Every location says its name by a header, so that one instance will do.
const conditions = head + `
locations = ["site", "api", "beta", "wild", "tenant", "exact", "version", "upload", "team", "debug", "tester", "first"]
[upstreams.api]
addrs = ["${A}"]
[locations.site]
upstream = "api"
headers_set = ["X-Route: site"]
[locations.api]
upstream = "api"
path = "/api"
headers_set = ["X-Route: api"]
[locations.beta]
upstream = "api"
path = "/api"
host = "beta.test, www.beta.test"
headers_set = ["X-Route: beta"]
[locations.wild]
upstream = "api"
host = "*.wild.test"
headers_set = ["X-Route: wild"]
[locations.tenant]
upstream = "api"
host = '~^t[0-9]+\.tenant\.test$'
headers_set = ["X-Route: tenant"]
[locations.exact]
upstream = "api"
path = "= /api/exact"
headers_set = ["X-Route: exact"]
[locations.version]
upstream = "api"
path = '~ ^/v\d+/'
headers_set = ["X-Route: version"]
[locations.upload]
upstream = "api"
path = "/api"
methods = ["PUT", "post"]
priority = 900
headers_set = ["X-Route: upload"]
[locations.team]
upstream = "api"
match_headers = ["X-Team: blue"]
priority = 910
headers_set = ["X-Route: team"]
[locations.debug]
upstream = "api"
match_query = ["debug", "level:2"]
priority = 920
headers_set = ["X-Route: debug"]
[locations.tester]
upstream = "api"
match_cookies = ["tester:yes"]
priority = 930
headers_set = ["X-Route: tester"]
[locations.first]
upstream = "api"
path = "= /api/exact"
host = "first.test"
headers_set = ["X-Route: first"]
`

func TestRequestsFindTheirLocation(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(conditions)
	for _, c := range []struct {
		name, path, want string
		lines            []string
	}{
		{"nothing else fits", "/echo", "site", nil},
		{"a prefix", "/api/echo", "api", nil},
		{"the path of the prefix", "/api?echo", "api", nil},
		{"no prefix of a word", "/apix/echo", "site", nil},
		{"a host counts more than none", "/api/echo", "beta", []string{"Host: beta.test"}},
		{"the second host, with a port, in capitals", "/api/echo", "beta", []string{"Host: WWW.Beta.Test:8080"}},
		{"a wildcard", "/echo", "wild", []string{"Host: a.b.wild.test"}},
		{"a wildcard is not its own name", "/echo", "site", []string{"Host: wild.test"}},
		{"a host by expression", "/echo", "tenant", []string{"Host: t42.tenant.test"}},
		{"an exact path", "/api/exact", "exact", nil},
		{"an exact path on its host", "/api/exact", "first", []string{"Host: first.test"}},
		{"an expression", "/v12/echo", "version", nil},
		{"an encoded path is the same path", "/%61pi/x/../echo", "api", nil},
		{"a header", "/api/echo", "team", []string{"X-Team: blue"}},
		{"another value of the header", "/api/echo", "api", []string{"X-Team: red"}},
		{"parameters", "/api/echo?debug&level=2", "debug", []string{"X-Team: blue"}},
		{"not all parameters", "/api/echo?debug", "api", nil},
		{"a cookie", "/api/echo", "tester", []string{"Cookie: a=b; tester=yes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.path
			if !strings.Contains(path, "echo") {
				path += "?echo"
			}
			lines := append([]string{"X-Echo: 1"}, c.lines...)
			if got := p.echo(path, lines...).Header.Get("X-Route"); got != c.want {
				t.Errorf("the request took %q, not %q", got, c.want)
			}
		})
	}
	for method, want := range map[string]string{"PUT": "upload", "POST": "upload", "DELETE": "api"} {
		r := p.ask(method, "/api/echo", strings.NewReader("x"))
		if !strings.Contains(r.body, `"X-Route":["`+want+`"]`) {
			t.Errorf("%s took another location than %s: %s", method, want, r.body)
		}
	}
}

func TestRewrites(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	for _, c := range []struct{ path, rewrite, ask, want string }{
		{`"/api"`, `"/"`, "/api/echo?p=1", "/echo?p=1"},
		{`"/api"`, `"/v2"`, "/api/echo", "/v2/echo"},
		{`"/api/"`, `"/"`, "/api/echo", "/echo"},
		{`"/"`, `"/base/"`, "/echo", "/base/echo"},
		{`'~ ^/u/(\d+)/'`, `'^/u/(\d+)/(.*)$ /users/$1/$2'`, "/u/42/echo?x=%20y", "/users/42/echo?x=%20y"},
		{`"/enc"`, `"/"`, "/enc/echo%2Fa%20b", "/echo%2Fa%20b"},
	} {
		p := s.boot(head + single + "path = " + c.path + "\nrewrite = " + c.rewrite + "\n")
		if got := p.echo(c.ask).URI; got != c.want {
			t.Errorf("path %s, rewrite %s: %s became %s, not %s", c.path, c.rewrite, c.ask, got, c.want)
		}
		p.leave()
	}
}

// A file written for Pingap means the same here.
func TestPingapsSpellings(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(head + `
enabled_h2 = true
[upstreams.api]
addrs = ["${A}"]
algo = "round_robin"
[locations.low]
upstream = "api"
path = "/"
weight = 1
proxy_set_headers = ["X-Route: low"]
[locations.exact]
upstream = "api"
path = "= /exact/echo"
weight = 20
proxy_add_headers = ["X-Route: exact"]
[locations.regexp]
upstream = "api"
path = "~ ^/r[0-9]/"
weight = 10
proxy_set_headers = ["X-Route: regexp"]
rewrite = "^/r([0-9])/(.*)$ /n/$1/$2"
`)
	for path, want := range map[string]string{"/echo": "low", "/exact/echo": "exact", "/r7/echo": "regexp"} {
		if got := p.echo(path); got.Header.Get("X-Route") != want {
			t.Errorf("%s took %q", path, got.Header.Get("X-Route"))
		}
	}
	if got := p.echo("/r7/echo").URI; got != "/n/7/echo" {
		t.Errorf("the instance saw %s", got)
	}
}
