package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"pingap-go/admin"
)

// status says for each pool where its members come from, and for each endpoint
// why it is in or out.
func TestStatusExplains(t *testing.T) {
	endpoints := []admin.Endpoint{{ID: "api-1", Address: "127.0.0.1:9001", Weight: 1, Verdict: "down", Reason: "consul critical: check web"}}
	for want, u := range map[string]admin.Upstream{
		"populated  from service api at index 42":                                  {Condition: "populated", Source: "service api", Index: 42},
		"from _api._tcp.test @[::1]:53 with a TTL of 5s":                           {Source: "_api._tcp.test @[::1]:53", TTLSeconds: 5},
		"not_synced  STALE: connection refused":                                    {Stale: true, LastError: "connection refused"},
		"down  api-1  127.0.0.1:9001  weight 1  consul critical: check web  since": {Endpoints: endpoints},
	} {
		var out strings.Builder
		if err := showPool(&out, &u); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%q says nothing of %q; error %v", out.String(), want, err)
		}
	}
}

// Whoever registers a service, or answers a probe, cannot write on the terminal what he
// likes.
func TestWhatOthersHaveWordedIsPlain(t *testing.T) {
	const words = "api\x1b[2J\r\n\u202efaked  line\u009b\t"
	api := admin.New(admin.Options{
		Log:       slog.New(slog.DiscardHandler),
		Routes:    func() []admin.Route { return []admin.Route{{Tag: words, Problem: words, Instances: []string{words}}} },
		Upstreams: func() []admin.Pool { return []admin.Pool{poolOf(words)} },
	})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for name, run := range map[string]func([]string, streams) error{"routes": runRoutes, "status": runStatus} {
		var out strings.Builder
		if err := run([]string{"-admin", server.URL}, streams{out: &out}); err != nil {
			t.Fatal(err)
		}
		shown := strings.ReplaceAll(out.String(), "\n", "")
		if strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsGraphic(r) }) || strings.Count(out.String(), "\n") != 2 {
			t.Errorf("%s shows %q", name, out.String())
		}
	}
}

// poolOf is a pool with one endpoint of which all is said in these words.
func poolOf(words string) admin.Pool {
	return admin.Pool{
		Upstream: admin.Upstream{Name: words, LastError: words, Stale: true}, Len: 1,
		Endpoint: func(int) admin.Endpoint {
			return admin.Endpoint{ID: words, Address: words, Reason: words, Tags: []string{words}}
		},
	}
}
