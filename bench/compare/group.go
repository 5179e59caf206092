package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// group is one started program and all processes that it starts in turn, which
// share its process group.
type group struct {
	name   string
	pgid   int
	exited chan error
	output *os.File
}

// startGroup starts a program with its output going to a file in dir, and waits
// until it accepts connections on addr.
func startGroup(ctx context.Context, dir, name, addr string, command ...string) (*group, error) {
	output, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, output, output
	// Caddy wants a home; the pair of variables keeps it inside dir.
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	// Should this program be killed, the kernel ends what it started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		output.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	g := &group{name: name, pgid: cmd.Process.Pid, exited: make(chan error, 1), output: output}
	go g.wait(cmd)
	if err := g.ready(ctx, addr); err != nil {
		g.stop()
		said, _ := os.ReadFile(output.Name())
		return nil, fmt.Errorf("start %s: %w\n%s", name, err, said)
	}
	return g, nil
}

// wait takes the program's exit from the kernel.
func (g *group) wait(cmd *exec.Cmd) {
	g.exited <- cmd.Wait()
	close(g.exited)
}

// ready waits until the program listens.
func (g *group) ready(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-g.exited:
			return fmt.Errorf("it ended: %w", errors.Join(err, os.ErrProcessDone))
		case <-ctx.Done():
			return fmt.Errorf("not listening on %s: %w", addr, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the group: asked first, then told.
func (g *group) stop() {
	_ = syscall.Kill(-g.pgid, syscall.SIGTERM)
	select {
	case <-g.exited:
	case <-time.After(3 * time.Second):
	}
	_ = syscall.Kill(-g.pgid, syscall.SIGKILL)
	<-g.exited
	g.output.Close()
}

// pids are the living processes of the group.
func (g *group) pids() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if fields, err := statOf(pid); err == nil && fields[2] == strconv.Itoa(g.pgid) {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		return nil, fmt.Errorf("%s is not running", g.name)
	}
	return pids, nil
}

// statOf is /proc/PID/stat after the command's name: state, ppid, pgrp, ... with
// utime and stime at 11 and 12 (proc(5)).
func statOf(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	_, after, found := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if !found || len(fields) < 13 {
		return nil, fmt.Errorf("unknown form of /proc/%d/stat", pid)
	}
	return fields, nil
}

// tick is the unit of the kernel's CPU accounts in /proc (USER_HZ), the same on
// all architectures that Linux still supports.
const tick = 10 * time.Millisecond

// cpu is the time that the group's living processes have used, user and system.
func (g *group) cpu() (time.Duration, error) {
	pids, err := g.pids()
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, pid := range pids {
		fields, err := statOf(pid)
		if err != nil {
			return 0, err
		}
		for _, field := range fields[11:13] {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * tick, nil
}

// memory is the group's resident memory in KB, pages that its processes share
// with each other or with other programs counted by their share (Pss).
func (g *group) memory() (float64, error) {
	pids, err := g.pids()
	if err != nil {
		return 0, err
	}
	var total float64
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, err
		}
		_, after, _ := strings.Cut(string(text), "\nPss:")
		fields := strings.Fields(after)
		if len(fields) == 0 {
			return 0, fmt.Errorf("no Pss in /proc/%d/smaps_rollup", pid)
		}
		kb, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return 0, err
		}
		total += kb
	}
	return total, nil
}
