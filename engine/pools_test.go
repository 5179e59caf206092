package engine

import (
	"fmt"
	"testing"

	"pingap-go/health"
	"pingap-go/upstream"
)

// apiPool is a configuration with one upstream of two instances.
func apiPool(a, b, more string) string {
	return fmt.Sprintf("[upstreams.api]\naddrs = [%q, %q]\n%s\n[locations.all]\nupstream = \"api\"\n[servers.http]\naddr = \"127.0.0.1:0\"\n", a, b, more)
}

// api is the upstream's present state.
// api is the pool of that name, and its endpoints with the counters of now.
func (p *program) api() (s upstream.Status, endpoints []upstream.EndpointStatus) {
	s = p.current.Load().pools["api"].pool.Status()
	for i := range s.Len() {
		endpoints = append(endpoints, s.Endpoint(i))
	}
	return s, endpoints
}

// An upstream whose policy, check or rules change keeps its hosts with all that
// is known of them, and their connections unless those are made otherwise.
func TestAReloadKeepsHosts(t *testing.T) {
	a, b := instance(t, "a"), instance(t, "b")
	for _, c := range []struct {
		name, more string
		conns      bool
	}{
		{"another policy", `algorithm = "least_conn"`, true},
		{"a check", `health_check = "http://x/?check_frequency=1h"`, true},
		{"sticky cookies", `sticky = "cookie:route"`, true},
		{"other time-outs of ejection", "[upstreams.api.ejection]\nbase_time = \"1s\"", true},
		{"TLS", `tls = true`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, apiPool(a, b, ""))
			for range 6 {
				if err := p.says("http", "http://x/", 200, ""); err != nil {
					t.Fatal(err)
				}
			}
			before, had := p.api()
			p.reload(apiPool(a, b, c.more))
			after, has := p.api()
			for i, e := range has {
				was := had[i]
				if e.Verdict != health.Up || e.Requests != was.Requests || e.Since != was.Since {
					t.Errorf("before %+v\nafter %+v", was, e)
				}
				if kept := e.Conns == was.Conns; kept != c.conns || was.Conns == 0 {
					t.Errorf("it had %d connections and has %d", was.Conns, e.Conns)
				}
			}
			if after.LastSuccess.Before(before.LastSuccess) {
				t.Errorf("it forgot when its registry was heard last: %s", after.LastSuccess)
			}
		})
	}
}

// Other instances under the same name are another pool.
func TestAReloadThatAsksForOthersBeginsAnew(t *testing.T) {
	a, b, c := instance(t, "a"), instance(t, "b"), instance(t, "c")
	p := start(t, apiPool(a, b, ""))
	if err := p.says("http", "http://x/", 200, ""); err != nil {
		t.Fatal(err)
	}
	p.reload(apiPool(a, c, ""))
	if _, has := p.api(); len(has) != 2 || has[0].Requests+has[1].Requests != 0 {
		t.Errorf("it has %+v", has)
	}
}

// A reload that fails while it opens listeners leaves the hosts where they are.
func TestAFailedReloadInheritsNothing(t *testing.T) {
	a, b := instance(t, "a"), instance(t, "b")
	p := start(t, apiPool(a, b, ""))
	if err := p.says("http", "http://x/", 200, ""); err != nil {
		t.Fatal(err)
	}
	p.set(apiPool(a, b, `algorithm = "p2c"`) + "[servers.other]\naddr = \"192.0.2.1:80\"\n")
	if _, err := p.Reload(t.Context()); err == nil {
		t.Fatal("it listens on an address that this machine does not have")
	}
	if s, has := p.api(); s.Algorithm != "round_robin" || len(has) != 2 {
		t.Errorf("the pool is %+v", s)
	}
	if err := p.says("http", "http://x/", 200, ""); err != nil {
		t.Error(err)
	}
}
