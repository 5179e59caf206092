// Package testkit gives tests real servers: a Consul agent on free ports that
// can be killed, restarted and frozen, and a DNS server that answers by script. It
// also counts what a test leaves behind (Census) and keeps what a log says (Journal).
//
//	agent := testkit.Consul(t, testkit.ConsulOptions{})
//	agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001"))
//	agent.Kill()
//
//	names := testkit.DNS(t)
//	names.Answer("_api._tcp.test.", dns.TypeSRV, "_api._tcp.test. 1 IN SRV 1 1 80 a.test.")
//
// The Consul binary is the one that the variable PINGAP_TEST_CONSUL names, or
// bin/consul in the repository. Without one a test is skipped, unless
// PINGAP_TEST_REQUIRE=1 says that it must not be. Everything listens on
// 127.0.0.1 and ends with the test that started it.
package testkit

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// errNoBinary says that a test cannot run here.
var errNoBinary = errors.New("no such program here")

// Binary finds a program for tests: the path in the environment variable env, or
// bin/NAME in the repository that holds the working directory.
func Binary(env, name string) (string, error) {
	if path := os.Getenv(env); path != "" {
		return path, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "bin", name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", errNoBinary
}

// SkipOrFail ends a test that lacks something: it skips, or fails where
// PINGAP_TEST_REQUIRE=1 is set.
func SkipOrFail(t testing.TB, lacks string) {
	t.Helper()
	if os.Getenv("PINGAP_TEST_REQUIRE") == "1" {
		t.Fatalf("PINGAP_TEST_REQUIRE=1, but %s", lacks)
	}
	t.Skip(lacks)
}

// FreePorts returns n different ports of 127.0.0.1 that are free for TCP and UDP
// at this moment.
func FreePorts(n int) ([]int, error) {
	var ports []int
	for tries := 0; len(ports) < n && tries < 20*n; tries++ {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			continue
		}
		defer func() { _ = u.Close() }()
		ports = append(ports, port)
	}
	if len(ports) < n {
		return nil, errors.New("no free ports on 127.0.0.1")
	}
	return ports, nil
}

// Eventually polls check until it says nil, and fails the test with its last
// error when that takes longer than within.
func Eventually(t testing.TB, within time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %v", within, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
