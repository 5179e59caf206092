package testkit

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// Instance describes one instance of service under the given ID at
// "host:port", with a TTL check that starts as passing. Change it as you like
// before Register.
func Instance(service, id, address string) *api.AgentServiceRegistration {
	host, text, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(text)
	return &api.AgentServiceRegistration{
		ID: id, Name: service, Address: host, Port: port,
		Check: &api.AgentServiceCheck{CheckID: CheckID(id), Name: "alive", TTL: "1h", Status: api.HealthPassing},
	}
}

// CheckID is the ID of the check that Instance gives to the instance id.
func CheckID(id string) string { return "alive-" + id }

// Register registers instances, or changes those whose ID is registered.
func (a *ConsulAgent) Register(t testing.TB, instances ...*api.AgentServiceRegistration) {
	t.Helper()
	for _, instance := range instances {
		a.must(t, "register "+instance.ID, a.API.Agent().ServiceRegister(instance))
	}
}

// Deregister removes instances by ID.
func (a *ConsulAgent) Deregister(t testing.TB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		a.must(t, "deregister "+id, a.API.Agent().ServiceDeregister(id))
	}
}

// SetStatus gives the check of Instance(id) one of Consul's statuses.
func (a *ConsulAgent) SetStatus(t testing.TB, id, status string) {
	t.Helper()
	a.must(t, "set status of "+id, a.API.Agent().UpdateTTL(CheckID(id), "set by a test", status))
}

// Maintain puts one instance into maintenance, or ends that.
func (a *ConsulAgent) Maintain(t testing.TB, id string, on bool) {
	t.Helper()
	if on {
		a.must(t, "maintain "+id, a.API.Agent().EnableServiceMaintenance(id, "by a test"))
		return
	}
	a.must(t, "end maintenance of "+id, a.API.Agent().DisableServiceMaintenance(id))
}

// MaintainNode puts the whole node into maintenance, or ends that.
func (a *ConsulAgent) MaintainNode(t testing.TB, on bool) {
	t.Helper()
	if on {
		a.must(t, "maintain node", a.API.Agent().EnableNodeMaintenance("by a test"))
		return
	}
	a.must(t, "end maintenance of node", a.API.Agent().DisableNodeMaintenance())
}

// Clear deregisters every service of this agent but Consul's own, so that the
// next test on a shared agent starts from nothing.
func (a *ConsulAgent) Clear(t testing.TB) {
	t.Helper()
	services, err := a.API.Agent().Services()
	a.must(t, "list services", err)
	for id := range services {
		a.Deregister(t, id)
	}
}

// AwaitDatacenter waits until this agent can ask datacenter.
func (a *ConsulAgent) AwaitDatacenter(t testing.TB, datacenter string, within time.Duration) {
	t.Helper()
	Eventually(t, within, func() error {
		_, _, err := a.API.Catalog().Nodes(&api.QueryOptions{Datacenter: datacenter})
		return err
	})
}

func (a *ConsulAgent) must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
