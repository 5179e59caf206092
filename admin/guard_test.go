package admin

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAToken(t *testing.T) {
	o := sample()
	o.Token = "s3cret"
	url := listen(t, o)
	for name, c := range map[string]struct {
		path, authorization string
		want                int
	}{
		"right":                         {"/api/v1/upstreams", "Bearer s3cret", 200},
		"scheme in any case":            {"/api/v1/upstreams", "bearer s3cret", 200},
		"none":                          {"/api/v1/upstreams", "", 401},
		"wrong":                         {"/api/v1/upstreams", "Bearer s3cret2", 401},
		"a prefix of it":                {"/api/v1/upstreams", "Bearer s3c", 401},
		"empty":                         {"/api/v1/upstreams", "Bearer ", 401},
		"another scheme":                {"/api/v1/upstreams", "Basic s3cret", 401},
		"config without":                {"/api/v1/config", "", 401},
		"metrics without":               {"/metrics", "", 401},
		"metrics with":                  {"/metrics", "Bearer s3cret", 200},
		"profiles without":              {"/debug/pprof/", "", 401},
		"a profile without":             {"/debug/pprof/heap", "", 401},
		"an unknown API path without":   {"/api/v1/nope", "", 401},
		"liveness needs none":           {"/livez", "", 200},
		"readiness needs none":          {"/readyz", "", 200},
		"the page needs none, is empty": {"/", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			// Beyond loopback the Host may be any: the token is the proof.
			status, body := ask(t, "GET", url+c.path, "Authorization: "+c.authorization, "Host: pingap.example")
			if status != c.want {
				t.Errorf("got %d %s, want %d", status, body, c.want)
			}
			if strings.Contains(body, "s3cret") {
				t.Error("the answer holds the token")
			}
		})
	}
}

func TestATokenCanBeReplaced(t *testing.T) {
	o := sample()
	o.Token = "old"
	api := New(o)
	api.SetToken("new")
	server, err := api.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown(t.Context())
	defer http.DefaultClient.CloseIdleConnections()
	url := "http://" + server.Addr().String() + "/api/v1/routes"
	if status, _ := ask(t, "GET", url, "Authorization: Bearer old"); status != 401 {
		t.Errorf("the old token gets %d, want 401", status)
	}
	if status, _ := ask(t, "GET", url, "Authorization: Bearer new"); status != 200 {
		t.Errorf("the new token gets %d, want 200", status)
	}
}

func TestWithoutATokenOnlyThisMachineIsServed(t *testing.T) {
	url := listen(t, sample())
	for name, c := range map[string]struct {
		path, host string
		want       int
	}{
		"by address":                {"/api/v1/upstreams", "127.0.0.1:6189", 200},
		"another loopback address":  {"/api/v1/upstreams", "127.1.2.3", 200},
		"by name":                   {"/api/v1/upstreams", "LocalHost:1234", 200},
		"IPv6":                      {"/api/v1/upstreams", "[::1]:6189", 200},
		"a rebound name":            {"/api/v1/upstreams", "attacker.example", 403},
		"a rebound name, metrics":   {"/metrics", "attacker.example:6189", 403},
		"a name that looks like it": {"/api/v1/upstreams", "localhost.attacker.example", 403},
		"an address elsewhere":      {"/api/v1/upstreams", "10.0.0.1:6189", 403},
		"liveness by any name":      {"/livez", "check.example", 200},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := ask(t, "GET", url+c.path, "Host: "+c.host); status != c.want {
				t.Errorf("got %d %s, want %d", status, body, c.want)
			}
		})
	}
}

// Who came over an address beyond loopback may say what he likes in Host.
func TestWithoutATokenNobodyIsServedBeyondLoopback(t *testing.T) {
	api := New(sample())
	for local, want := range map[string]int{"127.0.0.1": 200, "::1": 200, "192.0.2.1": 403, "2001:db8::1": 403} {
		r := httptest.NewRequest("GET", "http://localhost:6189/api/v1/config", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(local), Port: 6189}))
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, r); w.Code != want {
			t.Errorf("at %s: status %d, want %d", local, w.Code, want)
		}
	}
}

func TestOtherSitesPagesAreRefused(t *testing.T) {
	url := listen(t, sample())
	self := "Origin: " + url
	for name, c := range map[string]struct {
		method, path string
		headers      []string
		want         int
	}{
		"curl":                              {"POST", "/api/v1/reload", nil, 200},
		"our own page":                      {"POST", "/api/v1/reload", []string{self, "Sec-Fetch-Site: same-origin"}, 200},
		"our own page, an old browser":      {"POST", "/api/v1/reload", []string{self}, 200},
		"another site":                      {"POST", "/api/v1/reload", []string{"Origin: http://attacker.example", "Sec-Fetch-Site: cross-site"}, 403},
		"another site, an old browser":      {"POST", "/api/v1/reload", []string{"Origin: http://attacker.example"}, 403},
		"another port of this machine":      {"POST", "/api/v1/reload", []string{"Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"}, 403},
		"a sandboxed frame":                 {"POST", "/api/v1/reload", []string{"Origin: null"}, 403},
		"a profile as another site's image": {"GET", "/debug/pprof/profile?seconds=1", []string{"Sec-Fetch-Site: cross-site"}, 403},
		"typed into the address bar":        {"GET", "/api/v1/routes", []string{"Sec-Fetch-Site: none"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := ask(t, c.method, url+c.path, c.headers...); status != c.want {
				t.Errorf("got %d %s, want %d", status, body, c.want)
			}
		})
	}
}

func TestCheckAddr(t *testing.T) {
	for name, c := range map[string]struct {
		addr, token string
		ok          bool
	}{
		"loopback":                {"127.0.0.1:6189", "", true},
		"localhost":               {"localhost:0", "", true},
		"IPv6 loopback":           {"[::1]:6189", "", true},
		"all addresses":           {"0.0.0.0:6189", "", false},
		"all, short":              {":6189", "", false},
		"all, IPv6":               {"[::]:6189", "", false},
		"a name":                  {"pingap.example:6189", "", false},
		"all with a token":        {"0.0.0.0:6189", "t", true},
		"no port":                 {"127.0.0.1", "", false},
		"mapped IPv4 loopback":    {"[::ffff:127.0.0.1]:1", "", true},
		"mapped IPv4 of somebody": {"[::ffff:10.0.0.1]:1", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := CheckAddr(c.addr, c.token); (err == nil) != c.ok {
				t.Errorf("CheckAddr(%q, %q) = %v", c.addr, c.token, err)
			}
		})
	}
	if _, err := New(sample()).Listen("0.0.0.0:0"); err == nil || !strings.Contains(err.Error(), "set [admin] token") {
		t.Errorf("listening on all addresses without a token: %v", err)
	}
}

func TestEveryAnswerForbidsFramesAndForeignScripts(t *testing.T) {
	url := listen(t, sample())
	for _, path := range []string{"/", "/livez", "/api/v1/upstreams", "/api/v1/nope"} {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Security-Policy": "default-src 'none'",
		} {
			if got := resp.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestListenFailsOnATakenAddress(t *testing.T) {
	taken := strings.TrimPrefix(listen(t, sample()), "http://")
	if _, err := New(sample()).Listen(taken); err == nil || !strings.Contains(err.Error(), "start admin API: listen tcp") {
		t.Errorf("listening twice: %v", err)
	}
}

// A literal address is listened on by its own version of IP only, as servers do it.
func TestListensOnTheFamilyOfItsAddress(t *testing.T) {
	o := sample()
	o.Token = "s3cret"
	server, err := New(o).Listen("0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown(t.Context())
	if addr := server.Addr().String(); !strings.HasPrefix(addr, "0.0.0.0:") {
		t.Errorf("listens on %s", addr)
	}
}
