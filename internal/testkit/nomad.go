package testkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// NomadAgent is a running Nomad agent, server and client in one, or one more
// client of another. Its tasks run on this machine with addresses of 127.0.0.1.
type NomadAgent struct {
	// Addr is "http://127.0.0.1:port".
	Addr string
	// Node is its node's name.
	Node string

	rpc    string // for its clients
	client bool   // of another agent
	binary string
	dir    string
	log    *os.File
	cmd    *exec.Cmd
	exited chan struct{}
}

// NomadOptions say what agent to start.
type NomadOptions struct {
	// Consul is the "ip:port" of the Consul agent in which services register. Two
	// Nomad agents need two: each removes what it does not know.
	Consul string
	// Server makes it a client of that agent: one more node for jobs.
	Server *NomadAgent
	// Reserved are ports that this node has not, in jobs that name them.
	Reserved []int
	// Chroot maps directories of this machine to those that tasks of the exec
	// driver see, besides /etc.
	Chroot map[string]string
}

// Nomad starts an agent that ends with the test, and waits until its client takes
// jobs. It needs the rights of root, which the drivers want.
func Nomad(t testing.TB, o NomadOptions) *NomadAgent {
	t.Helper()
	binary, err := Binary("PINGAP_TEST_NOMAD", "nomad")
	if err != nil {
		SkipOrFail(t, "there is no Nomad: set PINGAP_TEST_NOMAD or build bin/nomad")
	}
	if os.Geteuid() != 0 {
		SkipOrFail(t, "Nomad's drivers need the rights of root")
	}
	n, err := startNomad(binary, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.close)
	Eventually(t, 60*time.Second, n.takesJobs)
	return n
}

func startNomad(binary string, o NomadOptions) (*NomadAgent, error) {
	ports, err := FreePorts(3)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "testkit-nomad-")
	if err != nil {
		return nil, err
	}
	n := &NomadAgent{
		Addr: "http://127.0.0.1:" + strconv.Itoa(ports[0]), Node: "node-" + strconv.Itoa(ports[0]), rpc: "127.0.0.1:" + strconv.Itoa(ports[1]),
		client: o.Server != nil, binary: binary, dir: dir, exited: make(chan struct{}),
	}
	if n.log, err = os.Create(filepath.Join(dir, "nomad.log")); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "agent.hcl")
	if err := os.WriteFile(file, []byte(n.configuration(o, ports)), 0o600); err != nil {
		return nil, err
	}
	args := []string{"agent", "-bind", "127.0.0.1", "-network-interface", "lo", "-config", file}
	if o.Server == nil {
		args = append(args, "-dev")
	}
	n.cmd = exec.Command(binary, args...)
	n.cmd.Env = n.environment()
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	if err := n.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start nomad: %w", err)
	}
	go n.await()
	return n, nil
}

// configuration keeps the agent from asking cloud providers and the project's
// home page, and tasks' chroots small.
func (n *NomadAgent) configuration(o NomadOptions, ports []int) string {
	chroot := "\"/etc\" = \"/etc\"\n"
	for from, to := range o.Chroot {
		chroot += fmt.Sprintf("%q = %q\n", from, to)
	}
	return fmt.Sprintf(`
disable_update_check = true
log_level = "WARN"
name = %q
data_dir = %q
advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}
ports {
  http = %d
  rpc  = %d
  serf = %d
}
consul {
  address = %q
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
client {
  %s
  options = {
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean"
  }
  chroot_env {
    %s
  }
}
`, n.Node, filepath.Join(n.dir, "data"), ports[0], ports[1], ports[2], o.Consul, o.role(), chroot)
}

// role is what makes an agent a client of another: its server, and ports that
// tasks of the other's node, which runs on this machine, too, do not get.
func (o *NomadOptions) role() string {
	if o.Server == nil {
		return ""
	}
	var reserved []string
	for _, port := range o.Reserved {
		reserved = append(reserved, strconv.Itoa(port))
	}
	return fmt.Sprintf(`enabled = true
  servers = [%q]
  min_dynamic_port = 10100
  max_dynamic_port = 11900
  reserved {
    reserved_ports = %q
  }`, o.Server.rpc, strings.Join(reserved, ","))
}

// environment is ours without what makes the agent look for a cloud's files.
func (n *NomadAgent) environment() []string {
	env := []string{"NOMAD_ADDR=" + n.Addr}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "AWS_") && !strings.HasPrefix(entry, "NOMAD_") {
			env = append(env, entry)
		}
	}
	return env
}

func (n *NomadAgent) await() {
	_ = n.cmd.Wait()
	close(n.exited)
}

func (n *NomadAgent) takesJobs() error {
	select {
	case <-n.exited:
		return errors.New("nomad ended at once, its log says:\n" + n.Log())
	default:
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(n.Addr + "/v1/nodes")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var nodes []struct{ Name, Status string }
	if err := json.NewDecoder(res.Body).Decode(&nodes); err != nil {
		return err
	}
	for _, node := range nodes {
		if node.Name == n.Node && node.Status == "ready" {
			return nil
		}
	}
	return fmt.Errorf("%s is not ready: %v", n.Node, nodes)
}

// Command runs Nomad's command line against the agent and returns what it printed.
func (n *NomadAgent) Command(args ...string) (string, error) {
	c := exec.Command(n.binary, args...)
	c.Env = n.environment()
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("nomad %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// Log returns what the agent wrote so far.
func (n *NomadAgent) Log() string {
	text, _ := os.ReadFile(n.log.Name())
	return string(text)
}

// close ends the agent, which ends its tasks, and removes its files. One that is a
// client alone would leave them running.
func (n *NomadAgent) close() {
	if n.client {
		_, _ = n.Command("node", "drain", "-self", "-enable", "-force", "-yes")
	}
	_ = n.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-n.exited:
	case <-time.After(30 * time.Second):
		_ = n.cmd.Process.Kill()
		<-n.exited
	}
	_ = n.log.Close()
	_ = os.RemoveAll(n.dir)
}
