package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pingap-go/admin"
)

// proxy is a running pingap.
type proxy struct {
	addr, admin string // "127.0.0.1:port"
	state       string // its state_dir

	b      *bench
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
	client *http.Client
}

// newProxy writes the configuration of a pingap that follows services of the
// agent at that address. Service NAME is asked for at /NAME.
func newProxy(b *bench, consul string, services ...string) (*proxy, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	p := &proxy{b: b, addr: fmt.Sprintf("127.0.0.1:%d", ports[0]), admin: fmt.Sprintf("127.0.0.1:%d", ports[1])}
	if p.dir, err = os.MkdirTemp(b.dir, "pingap-"); err != nil {
		return nil, err
	}
	p.state = filepath.Join(p.dir, "state")
	p.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{IdleConnTimeout: time.Second}}
	var text strings.Builder
	fmt.Fprintf(&text, "[basic]\nstate_dir = %q\n[admin]\naddr = %q\n[consul]\naddress = %q\ntls_ca_file = %q\n[servers.http]\naddr = %q\n",
		p.state, p.admin, consul, b.cert, p.addr)
	for _, s := range services {
		fmt.Fprintf(&text, "[upstreams.%s]\ndiscovery = \"consul\"\nservice = %q\n[locations.%s]\nupstream = %q\npath = \"/%s\"\n", s, s, s, s, s)
	}
	return p, os.WriteFile(filepath.Join(p.dir, "pingap.toml"), []byte(text.String()), 0o600)
}

// launch starts the process without waiting for anything.
func (p *proxy) launch() error {
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	p.cmd = exec.Command(p.b.pingap, "run", "-config", filepath.Join(p.dir, "pingap.toml"))
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start pingap: %w", err)
	}
	p.exited = make(chan struct{})
	go reap(p.cmd, p.exited)
	return nil
}

// start starts the process and waits until it is ready.
func (p *proxy) start(ctx context.Context) error {
	if err := p.launch(); err != nil {
		return err
	}
	err := await(ctx, 60*time.Second, func() error { return p.ask("/readyz", nil) })
	if err != nil {
		p.stop()
		return fmt.Errorf("pingap is not ready: %w; its log:\n%s", err, p.log())
	}
	return nil
}

// stop ends the process as an operator would; a second time it does nothing.
func (p *proxy) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

func (p *proxy) logFile() string { return filepath.Join(p.dir, "log") }

// log is what the process has written so far.
func (p *proxy) log() string {
	text, _ := os.ReadFile(p.logFile())
	return string(text)
}

// ask asks the admin API and decodes JSON unless into is nil.
func (p *proxy) ask(path string, into any) error {
	res, err := p.client.Get("http://" + p.admin + path)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s %s", path, res.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// upstream is what the API says of a pool.
func (p *proxy) upstream(name string) (u admin.Upstream, err error) {
	return u, p.ask("/api/v1/upstreams/"+name, &u)
}

// awaitUp waits until exactly these endpoints of a pool are up.
func (p *proxy) awaitUp(ctx context.Context, name string, within time.Duration, ids ...string) error {
	slices.Sort(ids)
	return await(ctx, within, func() error {
		u, err := p.upstream(name)
		if err != nil {
			return err
		}
		var up []string
		for _, e := range u.Endpoints {
			if e.Verdict == "up" {
				up = append(up, e.ID)
			}
		}
		if slices.Sort(up); !slices.Equal(up, ids) {
			return fmt.Errorf("up are %v, not %v", up, ids)
		}
		return nil
	})
}

// tick is the unit of /proc's CPU times on Linux.
const tick = 10 * time.Millisecond

// cpu is the time that the process has spent so far, its own and the kernel's.
func (p *proxy) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return cpuOf(string(text))
}

// cpuOf reads utime and stime, fields 14 and 15: those after the name in parentheses are
// counted, since a name may hold anything.
func cpuOf(stat string) (time.Duration, error) {
	const utime, stime = 11, 12
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) <= stime {
		return 0, errors.New("the process's stat is too short")
	}
	user, err := strconv.Atoi(fields[utime])
	system, second := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * tick, errors.Join(err, second)
}

// memory is a field of the process's status in bytes: VmRSS, VmHWM.
func (p *proxy) memory(field string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no " + field)
}
