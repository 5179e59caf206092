package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/internal/testkit"
)

// patience bounds waits that should be over in a moment, on a busy machine.
const patience = 10 * time.Second

// stage is where one test plays: it hands out instances, programs and load, and
// when all that has ended it counts what was left behind.
type stage struct {
	*testing.T
	env map[string]string
}

// newStage begins a test. Servers that outlive it must have been started before.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, env: map[string]string{}}
	files := openFiles(t)
	// A restarted agent has another process to wait for.
	known := []goleak.Option{goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("pingap-go/internal/testkit.(*ConsulAgent).await")}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		testkit.Eventually(t, patience, func() error { return goleak.Find(known...) })
		testkit.Eventually(t, patience, func() error {
			if now := openFiles(t); len(now) > len(files) {
				return fmt.Errorf("%d descriptors were left behind: %v", len(now)-len(files), added(files, now))
			}
			return nil
		})
	})
	for _, name := range []string{"PROXY", "PROXY2", "ADMIN", "NOBODY"} {
		s.env[name] = s.freeAddr()
	}
	s.env["STATE"] = t.TempDir()
	return s
}

// lookup is the environment of the configuration.
func (s *stage) lookup(name string) (string, bool) {
	value, ok := s.env[name]
	return value, ok
}

// freeAddr is an address that nobody listens at. Its port is below those that the
// system gives to outgoing connections, so that none of them takes it meanwhile.
func (s *stage) freeAddr() string {
	s.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 12_000+rand.N(18_000))
		if slices.Contains(slices.Collect(maps.Values(s.env)), addr) {
			continue
		}
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		_ = tcp.Close()
		udp, err := net.ListenPacket("udp", addr) // for those who serve DNS
		if err != nil {
			continue
		}
		_ = udp.Close()
		return addr
	}
	s.Fatal("no free port on 127.0.0.1")
	return ""
}

// openFiles is what the process holds open, by descriptor.
func openFiles(t testing.TB) map[string]string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]string{}
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		// The net package keeps pipes for splicing, until they are collected.
		if err == nil && !strings.HasPrefix(to, "pipe:") {
			open[e.Name()] = to
		}
	}
	return open
}

func added(before, now map[string]string) []string {
	var list []string
	for fd, to := range now {
		if before[fd] != to {
			list = append(list, fd+" "+to)
		}
	}
	return list
}

// record is what a program has said.
type record struct{ testkit.Journal }

// awaitText waits until the record holds a text.
func (r *record) awaitText(t testing.TB, text string) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if got := r.String(); !strings.Contains(got, text) {
			return fmt.Errorf("%q was not said, but only:\n%s", text, got)
		}
		return nil
	})
}

// long reports whether the long forms of the stories were asked for.
func long() bool { return os.Getenv("PINGAP_E2E_LONG") == "1" }

// split is "host:port" in its parts.
func split(addr string) (host, port string) {
	at := strings.LastIndexByte(addr, ':')
	return addr[:at], addr[at+1:]
}
