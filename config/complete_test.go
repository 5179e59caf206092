package config

import (
	"os"
	"reflect"
	"testing"
	"time"
)

// mustParse is Parse of a text that has no problem.
func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	cfg, err := Parse("t.toml", text, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// golden is a file of testdata that has no problem.
func golden(t *testing.T, name string) *Config {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, string(text))
}

func TestContractExample(t *testing.T) {
	cfg := golden(t, "contract.good.toml")
	up, loc, srv := cfg.Upstreams["backend_api"], cfg.Locations["api"], cfg.Servers["http"]
	want := HealthCheck{Scheme: "http", Host: "server1:8080", Path: "/health", Frequency: 10 * time.Second,
		ConnectionTimeout: 3 * time.Second, ReadTimeout: 3 * time.Second, Success: 1, Failure: 2, Status: "200-399"}
	if up.Health == nil || *up.Health != want {
		t.Errorf("health = %+v, want %+v", up.Health, want)
	}
	if got := up.ParsedAddrs(); len(got) != 3 || got[2] != (Addr{Address: "server3:8080", Weight: 1}) {
		t.Errorf("addrs = %v", got)
	}
	if loc.Name != "api" || loc.PathType != "prefix" || !loc.ForwardedHeaders || loc.ConnectTimeout != 3*time.Second || loc.Priority != nil {
		t.Errorf("location = %+v", loc)
	}
	if srv.EnableHTTP2 == nil || !*srv.EnableHTTP2 || srv.Addr[0] != "0.0.0.0:80" || srv.MaxHeaderBytes != 64<<10 {
		t.Errorf("server = %+v", srv)
	}
}

func TestPingapSpellings(t *testing.T) {
	cfg := golden(t, "pingap.good.toml")
	got := map[string]any{
		"shutdown_timeout":    cfg.Basic.ShutdownTimeout,
		"algo":                cfg.Upstreams["charts"].Algorithm,
		"weighted address":    cfg.Upstreams["charts"].ParsedAddrs()[0],
		"health path":         cfg.Upstreams["charts"].Health.Path,
		"dns_server":          cfg.Upstreams["names"].DNSServer[0],
		"update_frequency":    cfg.Upstreams["names"].Refresh,
		"= path":              cfg.Locations["exact"].PathType + " " + cfg.Locations["exact"].Path,
		"=path":               cfg.Locations["tight"].PathType + " " + cfg.Locations["tight"].Path,
		"~path":               cfg.Locations["pattern"].PathType + " " + cfg.Locations["pattern"].Path,
		"host":                cfg.Locations["pattern"].Host[0],
		"proxy_set_headers":   cfg.Locations["exact"].HeadersSet[0],
		"proxy_add_headers":   cfg.Locations["exact"].HeadersAdd[0],
		"weight":              *cfg.Locations["exact"].Priority,
		"max_retries":         *cfg.Locations["exact"].Retries,
		"reverse_proxy":       cfg.Locations["exact"].ForwardedHeaders,
		"enabled_h2":          *cfg.Servers["main"].EnableHTTP2,
		"addresses of server": len(cfg.Servers["main"].Addr),
	}
	want := map[string]any{
		"shutdown_timeout":    5 * time.Second,
		"algo":                "hash:cookie:user",
		"weighted address":    Addr{Address: "127.0.0.1:5000", Weight: 10},
		"health path":         "/ping?token=x",
		"dns_server":          "10.0.0.2:53",
		"update_frequency":    10 * time.Second,
		"= path":              "exact /login",
		"=path":               "exact /logout",
		"~path":               `regex ^/users/(?<id>\d+)`,
		"host":                "charts.example.com",
		"proxy_set_headers":   "Host: charts",
		"proxy_add_headers":   "X-Seen: $remote_addr",
		"weight":              2000,
		"max_retries":         1,
		"reverse_proxy":       false,
		"enabled_h2":          true,
		"addresses of server": 2,
	}
	for key := range want {
		if !reflect.DeepEqual(got[key], want[key]) {
			t.Errorf("%s: got %v, want %v", key, got[key], want[key])
		}
	}
}

func TestHealthCheckForms(t *testing.T) {
	cases := []struct {
		name, url string
		want      HealthCheck
	}{
		{"only a host", "http://app", HealthCheck{Scheme: "http", Host: "app", Path: "/"}},
		{"no host", "https:///live", HealthCheck{Scheme: "https", Path: "/live"}},
		{"the app's own query stays", "http://app/a%2Fb?x=1&success=2&y=a%20b", HealthCheck{Scheme: "http", Host: "app", Path: "/a%2Fb?x=1&y=a%20b", Success: 2}},
		{"tcp", "tcp://app?failure=5", HealthCheck{Scheme: "tcp", Host: "app", Path: "/", Failure: 5}},
		{"grpc", "grpc://app?service=api.v1&tls", HealthCheck{Scheme: "grpc", Host: "app", Path: "/", Service: "api.v1", TLS: true}},
		{"statuses", "http://app/?status=200,300-308", HealthCheck{Scheme: "http", Host: "app", Path: "/", Status: "200,300-308"}},
		{"service is the app's where it is not gRPC", "http://app/?service=db", HealthCheck{Scheme: "http", Host: "app", Path: "/?service=db"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := mustParse(t, "[upstreams.a]\naddrs = \"x\"\nhealth_check = \""+c.url+"\"\n[services.s]\nport = 1\ncheck = \""+c.url+"\"")
			want := mustParse(t, "[upstreams.a]\naddrs = \"x\"\nhealth = {}\n").Upstreams["a"].Health
			want.Scheme, want.Host, want.Path, want.Service, want.TLS = c.want.Scheme, c.want.Host, c.want.Path, c.want.Service, c.want.TLS
			want.Success = max(c.want.Success, want.Success)
			want.Failure = max(c.want.Failure, want.Failure)
			if c.want.Status != "" {
				want.Status = c.want.Status
			}
			if got := cfg.Upstreams["a"].Health; !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if got := cfg.Services["s"].CheckHealth; !reflect.DeepEqual(got, want) {
				t.Errorf("of the service: %+v", got)
			}
		})
	}
}

func TestServiceAddressWithPort(t *testing.T) {
	s := golden(t, "everything.good.toml").Services
	if s["web"].Address != "127.0.0.1" || s["web"].Port != 8081 || s["worker"].Port != 9000 || s["worker"].CheckHealth != nil {
		t.Errorf("services = %+v %+v", s["web"], s["worker"])
	}
}

func TestParseAddr(t *testing.T) {
	cases := []struct {
		text, address string
		weight        int
	}{
		{"server1", "server1:80", 1},
		{"server1:8080 5", "server1:8080", 5},
		{"[::1]:8080", "[::1]:8080", 1},
		{"::1 0", "[::1]:80", 0},
		{"unix:/run/app.sock 2", "unix:/run/app.sock", 2},
	}
	for _, c := range cases {
		if got, err := ParseAddr(c.text, "80"); err != nil || got != (Addr{c.address, c.weight}) {
			t.Errorf("%q gives %+v, %v", c.text, got, err)
		}
	}
	tls := mustParse(t, "[upstreams.a]\naddrs = \"server1\"\nsni = \"x\"").Upstreams["a"]
	if got := tls.ParsedAddrs()[0].Address; got != "server1:443" {
		t.Errorf("with sni: %s, want port 443", got)
	}
}
