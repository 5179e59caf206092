package testkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// ConsulOptions say what agent to start. The zero value is a fast one in memory
// (`-dev`) in datacenter dc1 that forgets everything when it ends.
type ConsulOptions struct {
	// Durable makes it a server with a data directory, which comes back with its
	// catalog after Kill and Restart.
	Durable bool
	// Datacenter is its datacenter; dc1 when empty.
	Datacenter string
	// Server makes it a client agent of that server: it holds no catalog itself and
	// forwards what it is asked, as agents beside applications do.
	Server *ConsulAgent
	// JoinWAN is an agent of another datacenter to federate with.
	JoinWAN *ConsulAgent
	// HCL are further pieces of configuration.
	HCL []string
	// Token is what the helper's own client sends, for agents with ACLs.
	Token string
	// CertFile and KeyFile make it serve HTTPS on HTTPSAddr, too.
	CertFile, KeyFile string
}

// ConsulAgent is a running agent. Its methods are for one test goroutine.
type ConsulAgent struct {
	HTTPAddr  string // "127.0.0.1:port", plain HTTP
	HTTPSAddr string // "127.0.0.1:port", with TLS; serves only when a certificate was given
	DNSAddr   string // "127.0.0.1:port", UDP and TCP
	Node      string // its node name
	API       *api.Client

	idle   *http.Transport
	binary string
	args   []string
	serf   string // WAN address, for others to join
	lan    string // LAN address, for client agents to join
	log    *os.File
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
}

// Consul starts an agent that ends with the test, and waits until it serves.
func Consul(t testing.TB, o ConsulOptions) *ConsulAgent {
	t.Helper()
	agent, err := StartConsul(o)
	if errors.Is(err, errNoBinary) {
		SkipOrFail(t, "there is no Consul: set PINGAP_TEST_CONSUL or build bin/consul")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(agent.Close)
	return agent
}

// StartConsul is Consul for those that share an agent among tests, from
// TestMain or a sync.Once; the caller closes it.
func StartConsul(o ConsulOptions) (*ConsulAgent, error) {
	binary, err := Binary("PINGAP_TEST_CONSUL", "consul")
	if err != nil {
		return nil, err
	}
	agent, err := prepare(binary, o)
	if err != nil {
		return nil, err
	}
	if err := agent.Restart(); err != nil {
		agent.Close()
		return nil, err
	}
	return agent, nil
}

func prepare(binary string, o ConsulOptions) (*ConsulAgent, error) {
	ports, err := FreePorts(6)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "testkit-consul-")
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "consul.log"))
	if err != nil {
		return nil, err
	}
	local := func(i int) string { return "127.0.0.1:" + strconv.Itoa(ports[i]) }
	a := &ConsulAgent{
		HTTPAddr: local(0), DNSAddr: local(1), HTTPSAddr: local(5), lan: local(3), serf: local(4),
		Node: "node-" + strconv.Itoa(ports[0]), binary: binary, dir: dir, log: log,
	}
	a.args = a.arguments(o, ports)
	a.idle = &http.Transport{IdleConnTimeout: time.Second}
	a.API, err = api.NewClient(&api.Config{
		Address: a.HTTPAddr, Scheme: "http", Token: o.Token,
		HttpClient: &http.Client{Transport: a.idle, Timeout: time.Minute},
	})
	return a, err
}

func (a *ConsulAgent) arguments(o ConsulOptions, ports []int) []string {
	https := -1
	if o.CertFile != "" {
		https = ports[5]
	}
	hcl := append([]string{
		"disable_update_check = true",
		fmt.Sprintf("ports { http = %d dns = %d server = %d serf_lan = %d serf_wan = %d https = %d grpc = -1 grpc_tls = -1 }",
			ports[0], ports[1], ports[2], ports[3], ports[4], https),
		"leave_on_terminate = false",
	}, o.HCL...)
	args := append([]string{"agent", "-bind", "127.0.0.1", "-node", a.Node, "-log-level", "warn"}, a.role(o)...)
	if o.Datacenter != "" {
		args = append(args, "-datacenter", o.Datacenter)
	}
	if o.JoinWAN != nil {
		hcl = append(hcl, fmt.Sprintf("retry_join_wan = [%q]", o.JoinWAN.serf))
	}
	if https > 0 {
		hcl = append(hcl, fmt.Sprintf("tls { https { cert_file = %q key_file = %q } }", o.CertFile, o.KeyFile))
	}
	for _, piece := range hcl {
		args = append(args, "-hcl", piece)
	}
	return args
}

// role is whether the agent serves or asks others, and where it keeps its data.
func (a *ConsulAgent) role(o ConsulOptions) []string {
	data := filepath.Join(a.dir, "data")
	switch {
	case o.Server != nil:
		return []string{"-data-dir", data, "-retry-join", o.Server.lan, "-retry-interval", "1s"}
	case o.Durable:
		return []string{"-server", "-bootstrap-expect", "1", "-data-dir", data, "-hcl", "performance { raft_multiplier = 1 }"}
	default:
		return []string{"-dev"}
	}
}

// Restart starts the agent, again after Kill, and waits until it knows a leader.
func (a *ConsulAgent) Restart() error {
	if err := a.Start(); err != nil {
		return err
	}
	return a.AwaitLeader(30 * time.Second)
}

// Start starts the agent's process without waiting for it to serve.
func (a *ConsulAgent) Start() error {
	a.cmd = exec.Command(a.binary, a.args...)
	a.cmd.Stdout, a.cmd.Stderr = a.log, a.log
	if err := a.cmd.Start(); err != nil {
		return fmt.Errorf("start consul: %w", err)
	}
	a.exited = make(chan struct{})
	go a.await(a.cmd, a.exited)
	return nil
}

func (a *ConsulAgent) await(cmd *exec.Cmd, exited chan<- struct{}) {
	_ = cmd.Wait()
	close(exited)
}

// AwaitLeader waits until the agent answers catalog queries.
func (a *ConsulAgent) AwaitLeader(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for {
		nodes, _, err := a.API.Catalog().Nodes((&api.QueryOptions{}).WithContext(ctx))
		if err == nil && len(nodes) > 0 {
			return nil
		}
		select {
		case <-a.exited:
			return fmt.Errorf("consul ended at once, its log says:\n%s", a.Log())
		case <-ctx.Done():
			return fmt.Errorf("consul does not serve within %s (%v), its log says:\n%s", within, err, a.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Log returns what the agent wrote so far.
func (a *ConsulAgent) Log() string {
	text, _ := os.ReadFile(a.log.Name())
	return string(text)
}

// Kill ends the agent with SIGKILL and waits until it is gone.
func (a *ConsulAgent) Kill() {
	_ = a.cmd.Process.Signal(syscall.SIGKILL)
	<-a.exited
}

// Freeze stops the agent with SIGSTOP: its sockets stay open and say nothing.
func (a *ConsulAgent) Freeze() { _ = a.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen agent go on.
func (a *ConsulAgent) Thaw() { _ = a.cmd.Process.Signal(syscall.SIGCONT) }

// Pid is the process ID, for tests that look at its sockets.
func (a *ConsulAgent) Pid() int { return a.cmd.Process.Pid }

// Close ends the agent and removes its files.
func (a *ConsulAgent) Close() {
	if a.cmd != nil && a.exited != nil {
		a.Kill()
	}
	a.idle.CloseIdleConnections()
	_ = a.log.Close()
	_ = os.RemoveAll(a.dir)
}
