package http1_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// send writes wire to the socket and waits until the peer has closed it.
func send(t *testing.T, socket, wire string) {
	t.Helper()
	if wire == "" {
		return
	}
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, wire) // may fail when the peer refuses early
	io.Copy(io.Discard, c)
}

// recorder is an upstream that keeps what it was asked.
type recorder struct {
	mu       sync.Mutex
	requests []string
}

func record(t *testing.T, socket string) *recorder {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	r := new(recorder)
	server := &http.Server{Handler: r, DisableGeneralOptionsHandler: true}
	served := make(chan error)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-served })
	return r
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // a body that never ended is no request
	}
	var again message.Request
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", q.Method, q.RequestURI, q.Host)
	if err := http1.ParseRequest(head, &again, nil); err != nil {
		again.Path = err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, understood(&again, string(body)))
}

// during is what was asked while f ran.
func (r *recorder) during(f func()) []string {
	r.mu.Lock()
	r.requests = nil
	r.mu.Unlock()
	f()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// nginx starts nginx in front of the upstream in dir.
func nginx(t *testing.T, dir string) string {
	socket := filepath.Join(dir, "nginx")
	config := fmt.Sprintf(`daemon off; master_process off; error_log /dev/null; pid %[1]s/pid;
		events {}
		http {
			access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/temp; underscores_in_headers off;
			upstream up { server unix:%[1]s/upstream; keepalive 4; }
			server {
				listen unix:%[2]s; large_client_header_buffers 4 64k; client_max_body_size 0;
				location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
			}
		}`, dir, socket)
	return run(t, socket, config, "nginx", "-p", dir, "-c")
}

// haproxy starts HAProxy in front of the upstream in dir.
func haproxy(t *testing.T, dir string) string {
	socket := filepath.Join(dir, "haproxy")
	config := fmt.Sprintf(`global
	tune.bufsize 65536
defaults
	mode http
	timeout client 3s
	timeout server 3s
	timeout connect 3s
frontend f
	bind unix@%s
	default_backend b
backend b
	server s unix@%s/upstream
`, socket, dir)
	return run(t, socket, config, "haproxy", "-db", "-f")
}

// run starts a peer with a config file and waits for its socket.
func run(t *testing.T, socket, config, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		testkit.SkipOrFail(t, program+" is not installed")
	}
	file := socket + ".conf"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, file)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	testkit.Eventually(t, 5*time.Second, func() error {
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		return err
	})
	return socket
}
