package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/internal/testkit"
)

// within is what a loaded machine may take to what happens at once.
const within = 10 * time.Second

// registered waits until Consul's agent has exactly these IDs, all passing.
func registered(t *testing.T, agent *testkit.ConsulAgent, ids ...string) {
	t.Helper()
	testkit.Eventually(t, within, func() error {
		services, err := agent.API.Agent().Services()
		if err != nil {
			return err
		}
		if len(services) != len(ids) {
			return fmt.Errorf("%d services are registered, want %v", len(services), ids)
		}
		for _, id := range ids {
			if status, _, err := agent.API.Agent().AgentHealthServiceByID(id); err != nil || status != api.HealthPassing {
				return fmt.Errorf("%s is %q (%v)", id, status, err)
			}
		}
		return nil
	})
}

func servicesConfig(agent *testkit.ConsulAgent, services string) string {
	return fmt.Sprintf(`
[consul]
address = %q
[servers.in]
addr = "127.0.0.1:0"
%s`, agent.HTTPAddr, services)
}

func TestServicesFollowTheConfiguration(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	app := instance(t, "app")
	service := func(id, more string) string {
		return servicesConfig(agent, fmt.Sprintf("[services.web]\naddress = %q\nid = %q\n%s", app, id, more))
	}
	p := start(t, service("web-1", `tags = ["v1"]`))
	registered(t, agent, "web-1")

	t.Run("a changed service is registered anew under its ID", func(t *testing.T) {
		p.reload(service("web-1", `tags = ["v2"]`))
		testkit.Eventually(t, within, func() error {
			s, _, err := agent.API.Agent().Service("web-1", nil)
			if err == nil && s.Tags[0] != "v2" {
				err = fmt.Errorf("tags are %v", s.Tags)
			}
			return err
		})
		registered(t, agent, "web-1")
	})
	t.Run("another ID takes the place of the first", func(t *testing.T) {
		p.reload(service("web-2", ""))
		registered(t, agent, "web-2")
	})
	t.Run("what did not change is left alone", func(t *testing.T) {
		before := p.current.Load().services["web"]
		p.reload(service("web-2", ""))
		if p.current.Load().services["web"] != before {
			t.Error("a reload made another registrar")
		}
	})
	t.Run("the admin API shows it", func(t *testing.T) {
		testkit.Eventually(t, within, func() error {
			s := p.adminServices()
			if len(s) != 1 || s[0].ID != "web-2" || !s[0].Registered || s[0].Status != "passing" || s[0].Output != "probe ok" {
				return fmt.Errorf("admin shows %+v", s)
			}
			return nil
		})
	})
	t.Run("a removed service is gone", func(t *testing.T) {
		p.reload(servicesConfig(agent, ""))
		registered(t, agent)
	})
}

// The app's own check decides where the registered address is the sidecar's.
// Who does not know where to send requests is not announced, and is as soon as a
// reload has put it right.
func TestRegistersWhenThePoolsInForceAreReady(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	service := fmt.Sprintf("[services.web]\naddress = %q\nid = \"web-1\"\n", instance(t, "app"))
	p := start(t, servicesConfig(agent, service+`
[upstreams.away]
discovery = "srv"
addrs = ["_web._tcp.nowhere.test"]
dns_server = "127.0.0.1:1"
`))
	if missing := p.notReady(p.current.Load()); len(missing) == 0 {
		t.Fatal("the pool is ready without an answer")
	}
	registered(t, agent)
	if s := p.adminServices(); len(s) != 1 || s[0].Output != "not asked before this sidecar is ready" {
		t.Errorf("the API does not say why nothing is registered: %+v", s)
	}
	p.reload(servicesConfig(agent, service+"[upstreams.away]\naddrs = [\"127.0.0.1:1\"]\n"))
	registered(t, agent, "web-1")
}

func TestAppDecidesNotTheSidecar(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	ports, err := testkit.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, servicesConfig(agent, fmt.Sprintf(`
[services.web]
address = %q
app = "tcp://127.0.0.1:%d?check_frequency=100ms&down_frequency=100ms"
`, instance(t, "sidecar"), ports[0])))
	testkit.Eventually(t, within, func() error {
		if s := p.adminServices()[0]; s.Status != "critical" || s.Registered {
			return fmt.Errorf("admin shows %+v", s)
		}
		return nil
	})
	registered(t, agent)
}

// Shutdown deregisters before anything else: while drain_delay passes, the
// service is gone from Consul and requests are still served.
func TestDrainDeregistersFirst(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	app := instance(t, "app")
	p := start(t, servicesConfig(agent, fmt.Sprintf(`
[upstreams.app]
addrs = [%q]
[locations.app]
upstream = "app"
[services.web]
address = %q
id = "web-1"
`, app, app)))
	registered(t, agent, "web-1")
	p.current.Load().config.Basic.DrainDelay = 2 * time.Second
	drained := make(chan error, 1)
	go func() { drained <- p.Shutdown(context.Background()) }()
	registered(t, agent)
	if err := p.says("in", "http://any/x", 200, "app /x"); err != nil {
		t.Errorf("while draining: %v", err)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

func TestTwoServicesOfOneIDAreAnError(t *testing.T) {
	p := start(t, "")
	p.set("[services.a]\nport = 1\nid = \"x\"\n[services.b]\nport = 2\nid = \"x\"\n")
	_, err := p.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), `services.b.id: service "a" has the ID "x", too`) {
		t.Errorf("error %v", err)
	}
}
