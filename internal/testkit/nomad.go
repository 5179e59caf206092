package testkit

import (
	"bytes"
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

// NomadAgent is a running Nomad agent, server and client in one, in memory. Its
// tasks run on this machine with addresses of 127.0.0.1.
type NomadAgent struct {
	// Addr is "http://127.0.0.1:port".
	Addr string

	binary string
	dir    string
	log    *os.File
	cmd    *exec.Cmd
	exited chan struct{}
}

// NomadOptions say what agent to start.
type NomadOptions struct {
	// Consul is the "ip:port" of the Consul agent in which services register.
	Consul string
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
	n := &NomadAgent{Addr: "http://127.0.0.1:" + strconv.Itoa(ports[0]), binary: binary, dir: dir, exited: make(chan struct{})}
	if n.log, err = os.Create(filepath.Join(dir, "nomad.log")); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "agent.hcl")
	if err := os.WriteFile(file, []byte(n.configuration(o, ports)), 0o600); err != nil {
		return nil, err
	}
	n.cmd = exec.Command(binary, "agent", "-dev", "-bind", "127.0.0.1", "-network-interface", "lo", "-config", file)
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
data_dir = %q
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
  options = {
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean"
  }
  chroot_env {
    %s
  }
}
`, filepath.Join(n.dir, "data"), ports[0], ports[1], ports[2], o.Consul, chroot)
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
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		return err
	}
	if !strings.Contains(body.String(), `"Status":"ready"`) {
		return fmt.Errorf("no node is ready: %s", body.String())
	}
	return nil
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

// close ends the agent, which ends its tasks, and removes its files.
func (n *NomadAgent) close() {
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
