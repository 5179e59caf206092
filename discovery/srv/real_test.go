package srv_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	consul "github.com/hashicorp/consul/api"

	"pingap-go/discovery/srv"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

func TestDnsmasq(t *testing.T) {
	a, b := "--srv-host=_api._tcp.test,a.test,80,10,3", "--srv-host=_api._tcp.test,b.test,81,20,1"
	addresses := []string{"--host-record=a.test,127.0.0.1", "--host-record=b.test,127.0.0.2"}
	server := testkit.Dnsmasq(t, append(addresses, a, b)...)
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{server.Addr}, Refresh: 50 * time.Millisecond})
	whole := `populated
		a.test:80 at 127.0.0.1:80 tier 0 weight 3
		b.test:81 at 127.0.0.2:81 tier 1 weight 1`
	sink.Await(t, soon, is(whole))

	server.Stop()
	t.Log(sink.AwaitErr(t, soon))
	if last, _ := sink.Last(); !is(whole)(last) {
		t.Errorf("stopped, it left\n%s", lines(last))
	}
	server.Options(append(addresses, b)...)
	sink.Await(t, soon, is("populated\nb.test:81 at 127.0.0.2:81 tier 0 weight 1"))
	server.Options(addresses...)
	sink.Await(t, soon, is("unknown"))
}

func TestBind(t *testing.T) {
	records := []string{"a 0 IN A 127.0.0.1", "b 0 IN A 127.0.0.2", "_api._tcp 0 IN SRV 1 5 80 a", "_api._tcp 0 IN SRV 1 5 80 b"}
	server := testkit.Bind(t, records...)
	sink := follow(t, srv.Options{Names: []string{api}, Servers: []string{server.Addr}, Refresh: 50 * time.Millisecond})
	sink.Await(t, soon, is(`populated
		a.test:80 at 127.0.0.1:80 tier 0 weight 5
		b.test:80 at 127.0.0.2:80 tier 0 weight 5`))
	server.Zone(records[0], records[1], records[2])
	sink.Await(t, soon, is("populated\na.test:80 at 127.0.0.1:80 tier 0 weight 5"))
	server.Zone(records[0])
	sink.Await(t, soon, is("unknown"))
	server.Zone(records[0], "_api._tcp 0 IN TXT nothing")
	sink.Await(t, soon, is("empty"))

	var many []string // BIND takes 100 of one name and type at most
	for i := range 90 {
		many = append(many, fmt.Sprintf("t%d 0 IN A 127.0.1.%d", i, i+1), fmt.Sprintf("_api._tcp 0 IN SRV 1 1 80 t%d", i))
	}
	server.Zone(many...)
	sink.Await(t, soon, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 90 && s.Condition == endpoint.Populated })
}

// TestConsulDNS follows a service of a real agent through its DNS port, whose
// answers have a TTL of 0 and tell neither unhealthy nor unknown from empty.
func TestConsulDNS(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	heavy := testkit.Instance("api", "api-1", "127.0.0.1:9001")
	heavy.Weights = &consul.AgentWeights{Passing: 3, Warning: 1}
	agent.Register(t, heavy, testkit.Instance("api", "api-2", "127.0.0.2:9002"))
	sink := follow(t, srv.Options{Names: []string{"_api._tcp.service.consul"}, Servers: []string{agent.DNSAddr}, Refresh: 50 * time.Millisecond})
	addresses := func(want string) func(endpoint.Snapshot) bool {
		return func(s endpoint.Snapshot) bool {
			var got []string
			for _, e := range s.Endpoints {
				got = append(got, fmt.Sprintf("%s/%d", e.Address, e.Weight))
			}
			return string(s.Condition)+" "+strings.Join(got, " ") == want
		}
	}
	sink.Await(t, soon, addresses("populated 127.0.0.1:9001/3 127.0.0.2:9002/1"))
	agent.SetStatus(t, "api-1", consul.HealthCritical)
	sink.Await(t, soon, addresses("populated 127.0.0.2:9002/1"))
	agent.SetStatus(t, "api-1", consul.HealthPassing)
	sink.Await(t, soon, addresses("populated 127.0.0.1:9001/3 127.0.0.2:9002/1"))
	agent.Deregister(t, "api-1", "api-2")
	sink.Await(t, soon, addresses("unknown "))

	for i := range 20 {
		agent.Register(t, testkit.Instance("api", fmt.Sprintf("api-%d", i), fmt.Sprintf("127.0.3.%d:9000", i+1)))
	}
	sink.Await(t, soon, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 20 })
	for range 20 {
		sink.Await(t, soon, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 20 })
	}
}
