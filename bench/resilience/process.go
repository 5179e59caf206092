package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a started program.
type process struct {
	cmd    *exec.Cmd
	exited chan error
	output *os.File
}

// start starts a program with its output going to a file in dir, and waits until
// it listens on addr.
func start(ctx context.Context, dir, name, addr string, cmd *exec.Cmd) (*process, error) {
	output, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, output, output
	// Should this program be killed, the kernel ends what it started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		output.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{cmd: cmd, exited: make(chan error, 1), output: output}
	go p.wait()
	if err := p.ready(ctx, addr); err != nil {
		p.stop()
		said, _ := os.ReadFile(output.Name())
		return nil, fmt.Errorf("start %s: %w\n%s", name, err, said)
	}
	return p, nil
}

// wait takes the program's exit from the kernel.
func (p *process) wait() {
	p.exited <- p.cmd.Wait()
	close(p.exited)
}

// ready waits until the program listens.
func (p *process) ready(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-p.exited:
			return fmt.Errorf("it ended: %w", errors.Join(err, os.ErrProcessDone))
		case <-ctx.Done():
			return fmt.Errorf("not listening on %s: %w", addr, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the program and what it has started, frozen or not.
func (p *process) stop() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may have ended already
	<-p.exited
	p.output.Close()
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
