package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"pingap-go/plugin"
)

// What a rule makes of a client's words is nobody's fault but the client's: no host is
// thought to be ill, and the client's connection serves on.
func TestARequestThatCannotBeSentSpeaksAgainstNoHost(t *testing.T) {
	rules, err := plugin.NewRequestRules(plugin.HeaderLists{Set: []string{"Host: $arg_tenant"}})
	if err != nil {
		t.Fatal(err)
	}
	ruled := func(p *parts) { once(p); p.location.RequestHeaders = rules }
	for name, tt := range map[string]struct {
		change func(*parts)
		script func(*visit)
	}{
		"HTTP/1": {ruled, always(hello)},
		"HTTP/2": {func(p *parts) { ruled(p); overTwo(p) }, inFrames(t, wellSpoken)},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, tt.change, newOrigin(t, tt.script))
			c := r.dial(t)
			for range 10 {
				if a := c.ask(get("/?tenant=not/a/host"), 400); a.Header.Get("X-Pingap-EType") != "bad_request" {
					t.Fatalf("%v", a.Header)
				}
			}
			c.open("/?tenant=a.example")
			r.blamesNobody(t, 10)
		})
	}
}

// A host of HTTP/2 says how large a head it takes. Whoever sends a larger one is told.
func TestAHeadTooLargeForTheUpstreamSpeaksAgainstNoHost(t *testing.T) {
	o := newOrigin(t, inFrames(t, wellSpoken, http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: 1000}))
	r := start(t, func(p *parts) { once(p); overTwo(p) }, o)
	c := r.dial(t)
	c.open("/") // the host's settings are here
	for range 10 {
		large := lines("GET / HTTP/1.1", "Host: a", "X: "+strings.Repeat("x", 1000))
		if a := c.ask(large, 431); a.Header.Get("X-Pingap-EType") != "header_too_large" {
			t.Fatalf("%v", a.Header)
		}
	}
	c.open("/")
	r.blamesNobody(t, 10)
}

// blamesNobody says that so many requests do not count as a host's failures.
func (r *rig) blamesNobody(t *testing.T, requests int) {
	t.Helper()
	for _, reason := range []string{"bad_response", "reset"} {
		if r.hasMetric(fmt.Sprintf(`pingap_upstream_failures_total{reason=%q,upstream="u"} %d`, reason, requests)) == nil {
			t.Errorf("the host is said to have failed: %s", reason)
		}
	}
}
