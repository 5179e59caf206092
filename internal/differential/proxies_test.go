package differential

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// lanes is how many inputs are tried at a time. A lane is one listener of each
// proxy and the recorder behind it, so that what arrives there belongs to one
// input.
const lanes = 16

// proxy is one running proxy with all its lanes.
type proxy struct {
	name      string
	addrs     [lanes]string
	recorders [lanes]*recorder
}

// newProxy chooses addresses and starts the recorders. Every proxy has a loopback
// address of its own, so that no outgoing connection can take a port of it before
// the proxy does.
func newProxy(t *testing.T, name, ip string) *proxy {
	t.Helper()
	p := &proxy{name: name}
	for lane := range lanes {
		listener, err := net.Listen("tcp", ip+":0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		p.addrs[lane] = listener.Addr().String()
		p.recorders[lane] = startRecorder(t)
	}
	return p
}

func startNginx(t *testing.T) *proxy {
	t.Helper()
	program := installed(t, "nginx")
	p, dir := newProxy(t, "nginx", "127.0.1.1"), t.TempDir()
	var servers strings.Builder
	for lane, addr := range p.addrs {
		fmt.Fprintf(&servers, `
  upstream lane%[1]d { server %[3]s; keepalive 8; }
  server {
    listen %[2]s;
    location / { proxy_pass http://lane%[1]d; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }`, lane, addr, p.recorders[lane].addr)
	}
	config := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/pid; error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
%[2]s
}
`, dir, servers.String())
	p.run(t, program, "-p", dir, "-e", "stderr", "-c", write(t, dir, "nginx.conf", "user "+whoami()+";\n"+config))
	return p
}

// whoami is whom nginx's worker may run as, so that it can use our directory.
func whoami() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return "nobody" // ignored: only root's master changes user
}

func startHAProxy(t *testing.T) *proxy {
	t.Helper()
	program := installed(t, "haproxy")
	p, dir := newProxy(t, "haproxy", "127.0.1.2"), t.TempDir()
	var config strings.Builder
	config.WriteString("global\n  maxconn 256\n  nbthread 1\ndefaults\n  mode http\n  http-reuse always\n" +
		"  timeout connect 3s\n  timeout client 30s\n  timeout server 30s\n")
	for lane, addr := range p.addrs {
		fmt.Fprintf(&config, "frontend in%[1]d\n  bind %[2]s\n  default_backend lane%[1]d\nbackend lane%[1]d\n  server one %[3]s\n",
			lane, addr, p.recorders[lane].addr)
	}
	p.run(t, program, "-q", "-db", "-f", write(t, dir, "haproxy.cfg", config.String()))
	return p
}

func startPingap(t *testing.T) *proxy {
	t.Helper()
	p, dir := newProxy(t, "pingap", "127.0.1.3"), t.TempDir()
	program := filepath.Join(dir, "pingap")
	if said, err := exec.Command("go", "build", "-o", program, "pingap-go/cmd/pingap").CombinedOutput(); err != nil {
		t.Fatalf("build pingap: %v\n%s", err, said)
	}
	var config strings.Builder
	config.WriteString("[admin]\naddr = \"\"\n")
	for lane, addr := range p.addrs {
		fmt.Fprintf(&config, "[upstreams.lane%[1]d]\naddrs = [%[3]q]\n[locations.lane%[1]d]\nupstream = \"lane%[1]d\"\n"+
			"[servers.lane%[1]d]\naddr = %[2]q\nlocations = [\"lane%[1]d\"]\n", lane, addr, p.recorders[lane].addr)
	}
	p.run(t, program, "-config", write(t, dir, "pingap.toml", config.String()))
	return p
}

// installed finds a program that the test cannot do without.
func installed(t *testing.T, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if program, err := exec.LookPath(candidate); err == nil {
			return program
		}
	}
	testkit.SkipOrFail(t, name+" is not installed")
	return ""
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// run starts the proxy, waits until all lanes listen and stops it with the test.
func (p *proxy) run(t *testing.T, program string, args ...string) {
	t.Helper()
	var said strings.Builder
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", p.name, said.String())
		}
	})
	for _, addr := range p.addrs {
		testkit.Eventually(t, 20*time.Second, func() error {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return conn.Close()
		})
	}
}
