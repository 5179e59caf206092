package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/miekg/dns"

	"pingap-go/internal/testkit"
)

const srvAPI = head + `
[upstreams.api]
discovery = "srv"
addrs = ["${SRV}"]
dns_server = "${DNS}"
refresh = "200ms"
hold = "1s"
algorithm = "weighted_round_robin"
[locations.api]
upstream = "api"
`

// names are the addresses behind a pool's endpoints that are up.
func (f *face) awaitAddresses(name string, within time.Duration, want int) {
	f.stage.Helper()
	testkit.Eventually(f.stage, within, func() error {
		if got := up(f.upstream(name)); len(got) != want {
			return fmt.Errorf("%d are up, not %d: %v", len(got), want, got)
		}
		return nil
	})
}

// Consul's DNS port speaks SRV, with an address and a weight for each instance.
func TestSRVFromConsulFollowsWeightsAndMembership(t *testing.T) {
	agent := consulAgent(t, false)
	s := newStage(t)
	s.env["DNS"], s.env["SRV"] = agent.DNSAddr, "api.service.consul"
	for name, weight := range map[string]int{"a": 1, "b": 3} {
		r := testkit.Instance("api", name, s.instance(name).addr)
		r.Weights = &api.AgentWeights{Passing: weight, Warning: 1}
		agent.Register(t, r)
	}
	testkit.Eventually(t, patience, func() error { return resolves(agent.DNSAddr, 2) })
	p := s.boot(srvAPI)
	p.awaitAddresses("api", patience, 2)

	l := s.load(plan{clients: 1})
	l.reach(4000)
	tally := l.end()
	tally.wantNoFailure(t)
	if share := float64(tally.by["a"]) / float64(tally.requests); share < 0.22 || share > 0.28 {
		t.Errorf("an instance of weight 1 beside one of 3 got %.1f%%", 100*share)
	}

	l = s.load(plan{rate: 500})
	agent.Register(t, testkit.Instance("api", "c", s.instance("c").addr))
	p.awaitAddresses("api", patience, 3)
	agent.SetStatus(t, "c", api.HealthCritical)
	p.awaitAddresses("api", patience, 2)
	agent.Kill()
	p.await("api", patience, stale(true))
	l.more(500)
	if n := len(up(p.upstream("api"))); n != 2 {
		t.Errorf("without its DNS server %d are up", n)
	}
	restart(t, agent) // in memory, it has forgotten all services
	agent.Clear(t)
	l.end().wantNoFailure(t)
}

// resolves checks how many SRV records the service has.
func resolves(server string, want int) error {
	answer, err := dns.Exchange(new(dns.Msg).SetQuestion("api.service.consul.", dns.TypeSRV), server)
	if err != nil {
		return err
	}
	if len(answer.Answer) != want {
		return fmt.Errorf("%d records, not %d", len(answer.Answer), want)
	}
	return nil
}

// dnsmasq answers as most small networks' servers do, and reads its records
// again on a restart.
func TestSRVFromDnsmasqSurvivesItsRestart(t *testing.T) {
	binary, err := exec.LookPath("dnsmasq")
	if err != nil {
		testkit.SkipOrFail(t, "there is no dnsmasq")
	}
	s := newStage(t)
	a, b := s.instance("a"), s.instance("b")
	s.env["DNS"], s.env["SRV"] = s.freeAddr(), "_api._tcp.test"
	server := s.dnsmasq(binary, a)
	p := s.boot(srvAPI)
	p.awaitAddresses("api", patience, 1)
	l := s.load(plan{rate: 300})
	end(server)
	p.await("api", patience, stale(true))
	l.more(100)
	server = s.dnsmasq(binary, a, b)
	p.awaitAddresses("api", patience, 2)
	p.await("api", patience, stale(false))
	l.more(100)
	end(server)
	server = s.dnsmasq(binary, b)
	p.awaitAddresses("api", patience, 1)
	l.more(100)
	end(server)
	tally := l.end()
	tally.wantNoFailure(t)
	if tally.by["a"] == 0 || tally.by["b"] == 0 {
		t.Errorf("requests went to %v", tally.by)
	}
}

// dnsmasq serves SRV records of instances at ${DNS}.
func (s *stage) dnsmasq(binary string, instances ...*instance) *exec.Cmd {
	s.Helper()
	host, port := split(s.env["DNS"])
	args := []string{
		"--keep-in-foreground", "--conf-file=" + os.DevNull, "--no-resolv", "--no-hosts", "--pid-file=",
		"--listen-address=" + host, "--bind-interfaces", "--port=" + port, "--address=/one.test/127.0.0.1", "--log-facility=-",
	}
	for _, i := range instances {
		_, port := split(i.addr)
		args = append(args, "--srv-host=_api._tcp.test,one.test,"+port+",1,10")
	}
	server := exec.Command(binary, args...)
	if err := server.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { end(server) })
	return server
}

// end kills a process that was started here; the second time it does nothing.
func end(c *exec.Cmd) {
	_ = c.Process.Kill()
	_ = c.Wait()
}
