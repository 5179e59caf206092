package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"pingap-go/internal/testkit"
)

// binary builds the program, once, as it is shipped: without the race detector.
func binary(t testing.TB) string {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.program != "" {
		return shared.program
	}
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	shared.dir = dir
	path := filepath.Join(dir, "pingap")
	build := exec.Command("go", "build", "-o", path, "pingap-go/cmd/pingap")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	shared.program = path
	return path
}

// outcome is how a command has ended.
type outcome struct {
	exit     int
	out, err string
}

// command runs the program to its end. NAME=value arguments that come first are
// its environment.
func command(t testing.TB, args ...string) outcome {
	t.Helper()
	c := exec.Command(binary(t))
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}
	for len(args) > 0 && strings.Contains(args[0], "=") && args[0][0] != '-' {
		c.Env, args = append(c.Env, args[0]), args[1:]
	}
	c.Args = append(c.Args, args...)
	var out, failure bytes.Buffer
	c.Stdout, c.Stderr = &out, &failure
	err := c.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{c.ProcessState.ExitCode(), out.String(), failure.String()}
}

// process is the built program, running.
type process struct {
	*face
	cmd    *exec.Cmd
	file   string // its configuration
	out    record
	err    record
	exited chan struct{}
}

// run starts the built program on a configuration text and waits until it is
// ready.
func (s *stage) run(text string) *process {
	s.Helper()
	p := &process{face: s.face(s.env["PROXY"], s.env["ADMIN"]), exited: make(chan struct{})}
	p.file = filepath.Join(s.TempDir(), "pingap.toml")
	p.write(text)
	p.cmd = exec.Command(binary(s), "--config", p.file)
	p.cmd.Env = []string{"HOME=" + s.TempDir()}
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		p.cmd.Env = append(p.cmd.Env, name+"="+s.env[name])
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if err := p.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	go p.await()
	s.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.exited
		if s.Failed() {
			s.Logf("the program said:\n%s", p.err.String())
		}
	})
	testkit.Eventually(s, patience, func() error {
		r, err := p.tryAdmin("GET", "/readyz?verbose")
		if err == nil && r.StatusCode != 200 {
			err = fmt.Errorf("not ready: %s", r.body)
		}
		return err
	})
	return p
}

func (p *process) await() {
	defer close(p.exited)
	_ = p.cmd.Wait()
}

// write replaces the configuration file.
func (p *process) write(text string) {
	p.stage.Helper()
	if err := os.WriteFile(p.file, []byte(text), 0o600); err != nil {
		p.stage.Fatal(err)
	}
}

// signal sends a signal; a process that has ended gets none.
func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// wantExit waits for the end and checks the exit status.
func (p *process) wantExit(want int) {
	p.stage.Helper()
	testkit.Eventually(p.stage, patience, func() error {
		select {
		case <-p.exited:
			return nil
		default:
			return errors.New("the program still runs")
		}
	})
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		p.stage.Errorf("exit status %d, not %d (%s)", got, want, p.cmd.ProcessState)
	}
}

// memory is the resident set in bytes, by a field of /proc/PID/status.
func (p *process) memory(field string) int64 {
	p.stage.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.stage.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				p.stage.Fatal(err)
			}
			return kb << 10
		}
	}
	p.stage.Fatalf("no %s in status", field)
	return 0
}
