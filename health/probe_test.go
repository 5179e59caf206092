package health

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// probing runs one probe of the check against an address and returns what it says.
func probing(t *testing.T, check Check, address string) error {
	t.Helper()
	probe, err := NewProbe(check)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return probe.Probe(ctx, address)
}

// listen accepts connections on a free port and gives each to serve, until the
// test ends. It returns the address.
func listen(t *testing.T, network, address string, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String()
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func silent(net.Conn) {}

func TestTCPProbe(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "app.sock")
	listen(t, "unix", socket, silent)
	for _, c := range []struct{ name, address, want string }{
		{"somebody listens", listen(t, "tcp", "127.0.0.1:0", silent), ""},
		{"somebody listens on a unix socket", "unix:" + socket, ""},
		{"nobody listens", closedPort(t), "connection refused"},
		{"no such unix socket", "unix:" + socket + ".gone", "no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := message(probing(t, Check{}, c.address)); got != c.want {
				t.Errorf("probe says %q, want %q", got, c.want)
			}
		})
	}
}

func TestTCPProbeOverIPv6(t *testing.T) {
	listener, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		testkit.SkipOrFail(t, "this machine has no IPv6: "+err.Error())
	}
	listener.Close()
	if err := probing(t, Check{}, listen(t, "tcp", "[::1]:0", silent)); err != nil {
		t.Error(err)
	}
}

func TestProbeErrorsKeepTheirCause(t *testing.T) {
	err := probing(t, Check{Scheme: "http"}, closedPort(t))
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v does not wrap ECONNREFUSED", err)
	}
}

func TestProbeGivesUpOnServersThatDoNotAnswer(t *testing.T) {
	release := make(chan struct{})
	address := listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		<-release
		io.Copy(io.Discard, conn)
	})
	defer close(release)
	impatient := Check{ConnectTimeout: 300 * time.Millisecond, ReadTimeout: 40 * time.Millisecond}
	for scheme, want := range map[string]string{
		"http":  "no answer within 40ms",
		"https": "no TLS handshake within 300ms",
		"grpc":  "no answer within 40ms",
	} {
		t.Run(scheme, func(t *testing.T) {
			check := impatient
			check.Scheme = scheme
			start := time.Now()
			if got := message(probing(t, check, address)); got != want {
				t.Errorf("probe says %q, want %q", got, want)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestProbeThatIsCalledOffEndsAtOnce(t *testing.T) {
	met, release := make(chan struct{}), make(chan struct{})
	address := listen(t, "tcp", "127.0.0.1:0", func(net.Conn) { met <- struct{}{}; <-release })
	for _, scheme := range []string{"http", "https", "grpc"} {
		t.Run(scheme, func(t *testing.T) {
			probe, err := NewProbe(Check{Scheme: scheme, ConnectTimeout: time.Minute, ReadTimeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			answer := make(chan error, 1)
			go func() { answer <- probe.Probe(ctx, address) }()
			<-met
			cancel()
			select {
			case err = <-answer:
			case <-time.After(5 * time.Second):
				t.Error("still probing 5s after it was called off")
			}
			release <- struct{}{}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want context canceled", err)
			}
		})
	}
}

func TestNewProbeRefusesWhatItCannotAsk(t *testing.T) {
	for _, c := range []struct {
		name  string
		check Check
		want  string
	}{
		{"unknown scheme", Check{Scheme: "ftp"}, `scheme "ftp"`},
		{"relative path", Check{Scheme: "http", Path: "health"}, "must begin with /"},
		{"broken escape", Check{Scheme: "http", Path: "/%zz"}, "is not a URL path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := NewProbe(c.check); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
