package e2e

import (
	"net"
	"strings"
	"testing"
)

func trusting(text string) string {
	return strings.Replace(text, "[basic]", "[basic]\ntrusted_proxies = [\"127.0.0.0/8\"]", 1)
}

// Only proxies that we trust may say who the client is.
func TestForwardedHeaders(t *testing.T) {
	claims := []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test", "X-Forwarded-Port: 443", "X-Real-IP: 203.0.113.9"}
	s := newStage(t)
	s.instance("A")
	_, port := split(s.env["PROXY"])
	for _, c := range []struct {
		name, text string
		claims     []string
		want       map[string]string
	}{
		{"set from the connection", head + single, nil, map[string]string{
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "site.test", "X-Forwarded-Port": port, "X-Real-IP": "127.0.0.1"}},
		{"a stranger's claims are replaced", head + single, claims, map[string]string{
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "site.test", "X-Forwarded-Port": port, "X-Real-IP": "127.0.0.1"}},
		{"a trusted proxy's are appended to", trusting(head) + single, claims, map[string]string{
			"X-Forwarded-For": "203.0.113.9, 127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.test", "X-Forwarded-Port": "443", "X-Real-IP": "203.0.113.9"}},
		{"a location's own rule takes the place of ours", head + single + `headers_add = ["X-Forwarded-Proto: https"]` + "\n", claims, map[string]string{
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}},
		{"switched off, a stranger's claims do not pass", head + single + "forwarded_headers = false\n", nil, map[string]string{
			"X-Forwarded-For": "", "X-Forwarded-Proto": "", "X-Real-IP": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.boot(c.text)
			defer p.leave()
			got := p.echo("/echo", append([]string{"Host: site.test"}, c.claims...)...)
			for name, want := range c.want {
				if v := strings.Join(got.Header.Values(name), "|"); v != want {
					t.Errorf("%s is %q, not %q", name, v, want)
				}
			}
		})
	}
}

func TestHeaderRulesAndVariables(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(head + `
[upstreams.api]
addrs = ["${A}"]
[locations.api]
upstream = "api"
host = '~^(?P<tenant>[a-z]+)\.site\.test$'
path = '~ ^/v(?P<major>\d)/'
headers_set = [
  "X-Host: $host", "X-Scheme: $scheme", "X-Method: $method", "X-Uri: $uri", "X-Path: $path", "X-Ip: $remote_addr",
  "X-Port: $remote_port", "X-Server: $server_addr:$server_port", "X-Id: $request_id", "X-To: $upstream_addr",
  "X-For: $proxy_add_x_forwarded_for", "X-Agent: ua=$http_user_agent;", "X-Cookie: $cookie_who", "X-Arg: $arg_page",
  "X-Tenant: $tenant-$major", "X-Replaced: new",
]
headers_add = ["X-Added: second"]
headers_remove = ["X-Secret"]
response_headers_set = ["X-Served-By: $upstream_addr", "X-Instance: hidden"]
response_headers_add = ["X-Extra: for $tenant"]
response_headers_remove = ["X-Powered-By"]
`)
	got := p.echo("/v2/echo?page=7&x=y", "Host: acme.site.test", "User-Agent: tester", "Cookie: a=b; who=me",
		"X-Replaced: old", "X-Added: first", "X-Secret: 42")
	proxyHost, proxyPort := split(p.proxy)
	for name, want := range map[string]string{
		"X-Host": "acme.site.test", "X-Scheme": "http", "X-Method": "GET", "X-Uri": "/v2/echo?page=7&x=y", "X-Path": "/v2/echo", "X-Ip": "127.0.0.1",
		"X-Server": proxyHost + ":" + proxyPort, "X-To": s.env["A"], "X-For": "127.0.0.1", "X-Agent": "ua=tester;", "X-Cookie": "me", "X-Arg": "7",
		"X-Tenant": "acme-2", "X-Replaced": "new", "X-Added": "first|second", "X-Secret": "",
	} {
		if v := strings.Join(got.Header.Values(name), "|"); v != want {
			t.Errorf("%s is %q, not %q", name, v, want)
		}
	}
	for _, name := range []string{"X-Id", "X-Port"} {
		if got.Header.Get(name) == "" || strings.Contains(got.Header.Get(name), "$") {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	r := p.get("/v2/", "Host: acme.site.test")
	for name, want := range map[string]string{"X-Served-By": s.env["A"], "X-Instance": "hidden", "X-Extra": "for acme"} {
		if v := strings.Join(r.Header.Values(name), "|"); v != want {
			t.Errorf("the client gets %s: %q, not %q", name, v, want)
		}
	}
}

// What belongs to one connection does not pass (RFC 9110 section 7.6.1).
func TestHopByHopHeadersDoNotPass(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(head + single)
	r, _ := p.raw("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: x-own, close\r\nX-Own: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n" +
		"Proxy-Authorization: secret\r\nProxy-Connection: keep-alive\r\nX-End: 2\r\n\r\n")
	for _, name := range []string{"X-Own", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Upgrade"} {
		if strings.Contains(r.body, `"`+name+`"`) {
			t.Errorf("%s was passed: %s", name, r.body)
		}
	}
	if !strings.Contains(r.body, `"X-End"`) {
		t.Errorf("an ordinary field was not passed: %s", r.body)
	}
}

// The contract's first example does what it says, on other addresses.
func TestTheFirstExampleWorks(t *testing.T) {
	s := newStage(t)
	for _, name := range []string{"A", "B", "C"} {
		s.instance(name)
	}
	p := s.boot(`
[basic]
state_dir = "${STATE}"
[admin]
addr = "${ADMIN}"
[upstreams.backend_api]
addrs = ["${A}", "${B}", "${C}"]
algorithm = "round_robin"
health_check = "http://server1:8080/health?check_frequency=100ms"

[locations.api]
upstream = "backend_api"
path = "/api"
path_type = "prefix"
rewrite = "/"
headers_add = ["X-Forwarded-Proto: https"]

[servers.http]
addr = "${PROXY}"
locations = ["api"]
enable_http2 = true
`)
	p.awaitUp("backend_api", patience, s.env["A"], s.env["B"], s.env["C"])
	by := map[string]int{}
	for range 6 {
		got := p.echo("/api/echo?x=1")
		by[got.Instance]++
		if got.URI != "/echo?x=1" || strings.Join(got.Header.Values("X-Forwarded-Proto"), "|") != "https" {
			t.Errorf("the instance sees %s, X-Forwarded-Proto %q", got.URI, got.Header.Values("X-Forwarded-Proto"))
		}
	}
	if len(by) != 3 || by["A"] != 2 {
		t.Errorf("requests went to %v", by)
	}
	if r := p.get("/other"); r.StatusCode != 404 {
		t.Errorf("another path gets %d", r.StatusCode)
	}
	for _, e := range p.upstream("backend_api").Endpoints {
		if !strings.Contains(e.Reason, "probe ok") {
			t.Errorf("%s is up because of %q", e.ID, e.Reason)
		}
	}
}

// A path of a unix socket is an address, too.
func TestAUnixSocketIsServed(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	s.env["SOCKET"] = s.TempDir() + "/p.sock"
	p := s.boot(strings.Replace(head, `addr = "${PROXY}"`, `addr = "${PROXY}, unix:${SOCKET}"`, 1) + single)
	if r := p.get("/"); r.StatusCode != 200 {
		t.Errorf("over TCP: %d", r.StatusCode)
	}
	c, err := net.Dial("unix", s.env["SOCKET"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 12)
	if _, err := c.Read(buf); err != nil || string(buf) != "HTTP/1.1 200" {
		t.Errorf("over the socket: %q %v", buf, err)
	}
}
