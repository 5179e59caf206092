package main

import (
	"strings"
	"testing"

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
