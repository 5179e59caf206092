package consul_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"pingap-go/discovery/consul"
	"pingap-go/discovery/discoverytest"
	"pingap-go/internal/testkit"
)

// TestOutages follows one service through the ways in which Consul goes away,
// over the server itself and over a client agent beside us, which stays.
func TestOutages(t *testing.T) {
	t.Parallel()
	server := testkit.Consul(t, testkit.ConsulOptions{Durable: true})
	beside := testkit.Consul(t, testkit.ConsulOptions{Server: server})
	server.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001"))
	sink := follow(t, client(t, consul.Options{Address: server.HTTPAddr, Heartbeat: time.Second}), consul.Query{Service: "api"})
	indirect := follow(t, client(t, consul.Options{Address: beside.HTTPAddr, Heartbeat: time.Second}), consul.Query{Service: "api"})
	first := serving("api-1", "consul passing")
	sink.Await(t, soon, first)
	indirect.Await(t, soon, first)

	t.Run("killed", func(t *testing.T) {
		server.Kill()
		for _, s := range []*discoverytest.Sink{sink, indirect} {
			t.Log(s.AwaitErr(t, soon))
			if last, _ := s.Last(); !first(last) {
				t.Errorf("the last snapshot became %+v", last)
			}
		}
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		server.Register(t, testkit.Instance("api", "api-2", "127.0.0.1:9002"))
		back := time.Now()
		for _, s := range []*discoverytest.Sink{sink, indirect} {
			s.Await(t, 10*time.Second, members("api-1", "api-2"))
			t.Logf("right again %s after the return", time.Since(back).Round(time.Millisecond))
			testkit.Eventually(t, soon, s.Err)
		}
	})
	t.Run("frozen", func(t *testing.T) {
		server.Freeze()
		defer server.Thaw()
		err := sink.AwaitErr(t, 2*soon)
		if !strings.Contains(err.Error(), "no answer from http://"+server.HTTPAddr) {
			t.Errorf("error %q", err)
		}
		server.Thaw()
		server.Deregister(t, "api-1")
		sink.Await(t, 10*time.Second, members("api-2"))
	})
}

// TestBlackHole has every byte to and from the agent vanish, over plain HTTP and
// over the HTTP/2 connection that all watches share.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	cert, key := testkit.Certificate(t)
	agent := testkit.Consul(t, testkit.ConsulOptions{CertFile: cert, KeyFile: key})
	for scheme, address := range map[string]string{"http": agent.HTTPAddr, "https": agent.HTTPSAddr} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			agent.Register(t, testkit.Instance(scheme, scheme+"-1", "127.0.0.1:9001"))
			relay := testkit.NewRelay(t, address)
			c := client(t, consul.Options{Address: scheme + "://" + relay.Addr, TLSCAFile: cert, Heartbeat: time.Second})
			sink := follow(t, c, consul.Query{Service: scheme})
			sink.Await(t, soon, serving(scheme+"-1", "consul passing"))
			relay.Swallow()
			t.Log(sink.AwaitErr(t, 2*soon))
			agent.Register(t, testkit.Instance(scheme, scheme+"-1", "127.0.0.1:9002"))
			relay.Restore()
			back := time.Now()
			sink.Await(t, 10*time.Second, having(scheme+"-1", at("127.0.0.1:9002")))
			t.Logf("right again after %s", time.Since(back).Round(time.Millisecond))
		})
	}
}

func TestAgentThatIsNotThere(t *testing.T) {
	ports, err := testkit.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: ports[0]}).String()
	sink := follow(t, client(t, consul.Options{Address: address}), consul.Query{Service: "api"})
	err = sink.AwaitErr(t, soon)
	if want := `watch consul service "api": http://` + address + ": connection refused"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if _, ok := sink.Last(); ok {
		t.Error("a snapshot was published")
	}
}
