package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/consul/api"
)

// agent is a Consul server with one member, on free ports.
type agent struct {
	http, https string // "127.0.0.1:port"
	api         *api.Client

	b      *bench
	dir    string
	args   []string
	cmd    *exec.Cmd
	exited chan struct{}
}

// startAgent starts an agent and waits until it serves. One that keeps its
// catalog comes back with it after kill.
func startAgent(ctx context.Context, b *bench, keeps bool) (*agent, error) {
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	a := &agent{http: fmt.Sprintf("127.0.0.1:%d", ports[0]), https: fmt.Sprintf("127.0.0.1:%d", ports[1]), b: b}
	if a.dir, err = os.MkdirTemp(b.dir, "consul-"); err != nil {
		return nil, err
	}
	a.args = []string{
		"agent", "-bind", "127.0.0.1", "-node", "bench", "-log-level", "warn",
		"-hcl", "disable_update_check = true",
		"-hcl", fmt.Sprintf("ports { http = %d https = %d server = %d serf_lan = %d serf_wan = %d dns = -1 grpc = -1 grpc_tls = -1 }",
			ports[0], ports[1], ports[2], ports[3], ports[4]),
		"-hcl", fmt.Sprintf("tls { https { cert_file = %q key_file = %q } }", b.cert, b.key),
	}
	if keeps {
		a.args = append(a.args, "-server", "-bootstrap-expect", "1", "-data-dir", filepath.Join(a.dir, "data"), "-hcl", "performance { raft_multiplier = 1 }")
	} else {
		a.args = append(a.args, "-dev")
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{IdleConnTimeout: time.Second}}
	if a.api, err = api.NewClient(&api.Config{Address: a.http, Scheme: "http", HttpClient: client}); err != nil {
		return nil, err
	}
	return a, a.start(ctx)
}

// start runs the agent, again after kill, and waits until it knows a leader.
func (a *agent) start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(a.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	a.cmd = exec.Command(a.b.consul, a.args...)
	a.cmd.Stdout, a.cmd.Stderr = log, log
	if err := a.cmd.Start(); err != nil {
		return fmt.Errorf("start consul: %w", err)
	}
	a.exited = make(chan struct{})
	go reap(a.cmd, a.exited)
	err = await(ctx, 60*time.Second, func() error {
		nodes, _, err := a.api.Catalog().Nodes((&api.QueryOptions{}).WithContext(ctx))
		if err == nil && len(nodes) == 0 {
			err = errors.New("no nodes yet")
		}
		return err
	})
	if err != nil {
		a.kill()
		return fmt.Errorf("consul does not serve: %w", err)
	}
	return nil
}

// reap waits for a process.
func reap(cmd *exec.Cmd, exited chan<- struct{}) {
	_ = cmd.Wait()
	close(exited)
}

// kill ends the agent with SIGKILL, which a frozen one obeys, too.
func (a *agent) kill() {
	_ = a.cmd.Process.Kill()
	<-a.exited
}

// freeze stops the agent: its sockets stay open and say nothing.
func (a *agent) freeze() { _ = a.cmd.Process.Signal(syscall.SIGSTOP) }

func (a *agent) thaw() { _ = a.cmd.Process.Signal(syscall.SIGCONT) }

// freePorts are ports of 127.0.0.1 that nobody listens on at this moment.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// await asks again and again until check is content.
func await(ctx context.Context, within time.Duration, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", within, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// rest waits, unless ctx ends first.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
