package proxy_test

import (
	"testing"

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
			for _, reason := range []string{"bad_response", "reset"} {
				if r.hasMetric(`pingap_upstream_failures_total{reason="`+reason+`",upstream="u"} 10`) == nil {
					t.Errorf("the host is said to have failed: %s", reason)
				}
			}
		})
	}
}
