package consul_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"pingap-go/discovery/consul"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// TestOutages follows one service through the ways in which an agent goes away:
// killed and started again on its data, and frozen.
func TestOutages(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{Durable: true})
	agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001"))
	c := client(t, consul.Options{Address: agent.HTTPAddr, Heartbeat: time.Second})
	sink := follow(t, c, consul.Query{Service: "api"})
	passing := func(s endpoint.Snapshot) bool { return members("api-1")(s) && s.Condition == endpoint.Populated }
	sink.Await(t, soon, passing)

	t.Run("killed", func(t *testing.T) {
		agent.Kill()
		t.Log(sink.AwaitErr(t, soon))
		if last, _ := sink.Last(); !passing(last) {
			t.Errorf("the last snapshot became %+v", last)
		}
		updates, _ := sink.Counts()
		if err := agent.Restart(); err != nil {
			t.Fatal(err)
		}
		back := time.Now()
		testkit.Eventually(t, 10*time.Second, sink.Err)
		t.Logf("fresh %s after the agent serves", time.Since(back).Round(time.Millisecond))
		if after, _ := sink.Counts(); after == updates {
			t.Error("nothing was published after the return")
		}
		agent.Register(t, testkit.Instance("api", "api-2", "127.0.0.1:9002"))
		sink.Await(t, soon, members("api-1", "api-2"))
	})
	t.Run("frozen", func(t *testing.T) {
		agent.Freeze()
		defer agent.Thaw()
		err := sink.AwaitErr(t, 2*soon)
		if !strings.Contains(err.Error(), "no answer from http://"+agent.HTTPAddr) {
			t.Errorf("error %q", err)
		}
		agent.Thaw()
		agent.Deregister(t, "api-1")
		sink.Await(t, 10*time.Second, members("api-2"))
	})
}

func TestAgentThatIsNotThere(t *testing.T) {
	ports, err := testkit.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: ports[0]}).String()
	sink := follow(t, client(t, consul.Options{Address: address}), consul.Query{Service: "api"})
	err = sink.AwaitErr(t, soon)
	if want := `watch consul service "api": dial tcp ` + address + ": connect: connection refused"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if _, ok := sink.Last(); ok {
		t.Error("a snapshot was published")
	}
}
