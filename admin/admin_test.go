package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

var since = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// sample is a small running pingap as the API is told of it.
func sample() Options {
	upstreams := []Pool{{
		Upstream: Upstream{
			Name: "api", Discovery: "consul", Algorithm: "round_robin", LastSuccess: &since, AgeSeconds: 1.2, Ready: true,
			Condition: "populated", Source: "service api dc1", Index: 42,
		},
		Len: 1, Endpoint: func(int) Endpoint {
			return Endpoint{ID: "api-1", Node: "n1", Address: "127.0.0.1:9001", Weight: 1, Tags: []string{"v2"},
				Verdict: "up", Reason: "consul passing; probe ok", Since: since, Requests: 10, LatencyMS: 1.8}
		},
	}, {Upstream: Upstream{Name: "empty", Discovery: "static"}}}
	return Options{
		Log:       slog.New(slog.DiscardHandler),
		Status:    func() Status { return Status{Name: "pingap", Version: "1.0.0", Generation: 7} },
		Upstreams: func() []Pool { return upstreams },
		Upstream: func(name string) (p Pool, ok bool) {
			i := slices.IndexFunc(upstreams, func(p Pool) bool { return p.Name == name })
			if i < 0 {
				return p, false
			}
			return upstreams[i], true
		},
		Routes: func() []Route {
			return []Route{{Server: "http", Location: "api", Path: "/api", PathType: "prefix", Priority: 516, Upstream: "api", Source: "config"}}
		},
		Config:  func() any { return map[string]any{"consul": map[string]any{"token": "***"}} },
		Reload:  func(context.Context) (uint64, error) { return 8, nil },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "pingap_build_info 1\n") }),
		Page:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!doctype html>") }),
	}
}

// listen serves an API on a real socket and gives its URL.
func listen(t *testing.T, o Options) string {
	t.Helper()
	server, err := New(o).Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return "http://" + server.Addr().String()
}

// ask sends a request with headers as "Name: value" and gives status and body.
func ask(t *testing.T, method, url string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestAnswers(t *testing.T) {
	url := listen(t, sample())
	for name, c := range map[string]struct {
		method, path string
		status       int
		fragment     string
	}{
		"alive":               {"GET", "/livez", 200, "ok"},
		"ready":               {"GET", "/readyz", 200, "ok"},
		"ready, verbose":      {"GET", "/readyz?verbose", 200, "ok"},
		"metrics":             {"GET", "/metrics", 200, "pingap_build_info"},
		"status":              {"GET", "/api/v1/status", 200, `"generation":7,"draining":false,"ready":true,"not_ready":[]`},
		"pools":               {"GET", "/api/v1/upstreams", 200, `[{"name":"api"`},
		"one pool":            {"GET", "/api/v1/upstreams/api", 200, `{"name":"api"`},
		"a pool without any":  {"GET", "/api/v1/upstreams/empty", 200, `"endpoints":[]`},
		"a pool never heard":  {"GET", "/api/v1/upstreams/empty", 200, `"last_success":null,"age_seconds":0`},
		"a pool that is not":  {"GET", "/api/v1/upstreams/nope", 404, `{"error":"there is no upstream \"nope\""}`},
		"routes":              {"GET", "/api/v1/routes", 200, `[{"server":"http","location":"api"`},
		"no services":         {"GET", "/api/v1/services", 200, "[]\n"},
		"masked config":       {"GET", "/api/v1/config", 200, `{"consul":{"token":"***"}}`},
		"reload":              {"POST", "/api/v1/reload", 200, `{"generation":8}`},
		"reload by GET":       {"GET", "/api/v1/reload", 405, `{"error":"use POST"}`},
		"pools by POST":       {"POST", "/api/v1/upstreams", 405, `{"error":"use GET"}`},
		"nothing there":       {"GET", "/api/v1/nope", 404, `{"error":"there is no /api/v1/nope"}`},
		"profiles":            {"GET", "/debug/pprof/", 200, "goroutine"},
		"one profile":         {"GET", "/debug/pprof/goroutine?debug=1", 200, "goroutine profile"},
		"page":                {"GET", "/", 200, "<!doctype html>"},
		"head of a GET route": {"HEAD", "/livez", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := ask(t, c.method, url+c.path)
			if status != c.status || !strings.Contains(body, c.fragment) {
				t.Errorf("got %d %s, want %d with %s", status, body, c.status, c.fragment)
			}
		})
	}
}

// TestPoolHasTheContractsShape wants exactly the keys that scripts rely on, with
// their types; more keys may follow.
func TestPoolHasTheContractsShape(t *testing.T) {
	_, body := ask(t, "GET", listen(t, sample())+"/api/v1/upstreams")
	var pools []map[string]any
	if err := json.Unmarshal([]byte(body), &pools); err != nil {
		t.Fatal(err)
	}
	endpoint := pools[0]["endpoints"].([]any)[0].(map[string]any)
	compare := func(got map[string]any, want string) {
		t.Helper()
		var wanted map[string]any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		for key, value := range wanted {
			a, _ := json.Marshal(got[key])
			b, _ := json.Marshal(value)
			if string(a) != string(b) {
				t.Errorf("%s = %s, want %s", key, a, b)
			}
		}
	}
	compare(pools[0], `{"name":"api","discovery":"consul","algorithm":"round_robin","stale":false,"last_error":"",
		"last_success":"2026-11-22T10:00:00Z","age_seconds":1.2}`)
	compare(endpoint, `{"id":"api-1","address":"127.0.0.1:9001","weight":1,"tags":["v2"],"meta":{},"verdict":"up",
		"reason":"consul passing; probe ok","since":"2026-11-22T10:00:00Z","in_flight":0,"requests":10,"failures":0,"latency_ms":1.8}`)
}

func TestNotReadyNamesWhatIsMissing(t *testing.T) {
	o := sample()
	o.Token = "s3cret"
	o.Status = func() Status {
		return Status{NotReady: []string{`upstream "api" has had no answer from consul`}}
	}
	url := listen(t, o) + "/readyz"
	for name, c := range map[string]struct {
		url    string
		header string
		want   string
	}{
		"short":                    {url, "", "not ready\n"},
		"verbose without a token":  {url + "?verbose", "", "not ready\n"},
		"verbose with the token":   {url + "?verbose", "Bearer s3cret", "not ready\nupstream \"api\" has had no answer from consul\n"},
		"verbose with a wrong one": {url + "?verbose", "Bearer nope", "not ready\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := ask(t, "GET", c.url, "Authorization: "+c.header); status != 503 || body != c.want {
				t.Errorf("got %d %q, want 503 %q", status, body, c.want)
			}
		})
	}
}

func TestReloadSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		want   string
	}{
		"bad configuration": {&Invalid{Problems: []string{"a.toml:1:2: x", "a.toml:3:4: y"}}, 422,
			`{"error":"a.toml:1:2: x\na.toml:3:4: y","problems":["a.toml:1:2: x","a.toml:3:4: y"]}`},
		"bad start": {errors.New("listen on :80: permission denied"), 500, `{"error":"listen on :80: permission denied"}`},
	} {
		t.Run(name, func(t *testing.T) {
			o := sample()
			o.Reload = func(ctx context.Context) (uint64, error) {
				if _, ok := ctx.Deadline(); !ok {
					t.Error("reload has no deadline")
				}
				return 0, c.err
			}
			status, body := ask(t, "POST", listen(t, o)+"/api/v1/reload")
			if status != c.status || strings.TrimSpace(body) != c.want {
				t.Errorf("got %d %s, want %d %s", status, body, c.status, c.want)
			}
		})
	}
}

func TestEverySourceMayBeMissing(t *testing.T) {
	url := listen(t, Options{Log: slog.New(slog.DiscardHandler)})
	for path, want := range map[string]int{
		"/livez": 200, "/readyz": 503, "/metrics": 404, "/": 404, "/api/v1/status": 200, "/api/v1/upstreams": 200,
		"/api/v1/routes": 200, "/api/v1/services": 200, "/api/v1/config": 200,
	} {
		if status, body := ask(t, "GET", url+path); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
	}
}
