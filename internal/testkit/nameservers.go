package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// NameServer is a running dnsmasq or BIND on 127.0.0.1.
type NameServer struct {
	// Addr is "127.0.0.1:port", UDP and TCP.
	Addr string

	t      testing.TB
	port   int
	dir    string
	cmd    *exec.Cmd
	serial int
}

// Dnsmasq starts a dnsmasq with options such as "--host-record=a.test,127.0.0.1".
// It ends with the test, which is skipped where there is none.
func Dnsmasq(t testing.TB, options ...string) *NameServer {
	t.Helper()
	s := newNameServer(t)
	s.Options(options...)
	return s
}

// Bind starts BIND with the zone "test.", whose records are in zone file form
// with names below it ("a 5 IN A 127.0.0.1"). It ends with the test, which is
// skipped where there is none.
func Bind(t testing.TB, records ...string) *NameServer {
	t.Helper()
	s := newNameServer(t)
	s.writeZone(records)
	conf := fmt.Sprintf(`options { directory %q; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };
recursion no; pid-file none; session-keyfile none; };
controls { };
zone "test" { type primary; file "zone"; };
`, s.dir, s.port)
	if err := os.WriteFile(filepath.Join(s.dir, "named.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start("named", "-g", "-c", filepath.Join(s.dir, "named.conf"))
	return s
}

func newNameServer(t testing.TB) *NameServer {
	t.Helper()
	ports, err := FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	s := &NameServer{Addr: "127.0.0.1:" + strconv.Itoa(ports[0]), t: t, port: ports[0], dir: t.TempDir()}
	t.Cleanup(s.Stop)
	return s
}

// Options starts dnsmasq again with other options.
func (s *NameServer) Options(options ...string) {
	s.t.Helper()
	s.Stop()
	s.start("dnsmasq", append([]string{
		"--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-poll", "--pid-file=", "--user=",
		"--listen-address=127.0.0.1", "--bind-interfaces", "--local=/test/", "--port=" + strconv.Itoa(s.port),
	}, options...)...)
}

// Zone has BIND load other records, and waits until it has.
func (s *NameServer) Zone(records ...string) {
	s.t.Helper()
	s.writeZone(records)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
	Eventually(s.t, 15*time.Second, func() error {
		answer, _, err := (&dns.Client{Timeout: time.Second}).Exchange(new(dns.Msg).SetQuestion("test.", dns.TypeSOA), s.Addr)
		if err != nil || len(answer.Answer) == 0 {
			return fmt.Errorf("no SOA record (%v)", err)
		}
		if soa, ok := answer.Answer[0].(*dns.SOA); !ok || int(soa.Serial) != s.serial {
			return fmt.Errorf("the zone is still %s", answer.Answer[0])
		}
		return nil
	})
}

func (s *NameServer) writeZone(records []string) {
	s.t.Helper()
	s.serial++
	zone := fmt.Sprintf("$ORIGIN test.\n@ 0 IN SOA ns hostmaster %d 3600 60 3600 0\n@ 0 IN NS ns\nns 0 IN A 127.0.0.1\n%s\n",
		s.serial, strings.Join(records, "\n"))
	path := filepath.Join(s.dir, "zone")
	if err := os.WriteFile(path, []byte(zone), 0o600); err != nil {
		s.t.Fatal(err)
	}
	later := time.Now().Add(time.Duration(s.serial) * time.Second) // BIND passes over files of the same second
	if err := os.Chtimes(path, later, later); err != nil {
		s.t.Fatal(err)
	}
}

func (s *NameServer) start(program string, args ...string) {
	s.t.Helper()
	path, err := findSystem(program)
	if err != nil {
		SkipOrFail(s.t, "there is no "+program)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	s.cmd = exec.Command(path, args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	Eventually(s.t, 15*time.Second, s.answers)
}

// answers asks for a name that every server here answers for.
func (s *NameServer) answers() error {
	_, _, err := (&dns.Client{Timeout: time.Second}).Exchange(new(dns.Msg).SetQuestion("ns.test.", dns.TypeA), s.Addr)
	if err != nil {
		text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("%w; its log says:\n%s", err, text)
	}
	return nil
}

// Stop ends the server and waits until it is gone; Options starts it again.
func (s *NameServer) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// findSystem looks in PATH and where Debian keeps what is for administrators.
func findSystem(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + program)
}
