package testkit

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Connections counts the established TCP connections that "127.0.0.1:port" has
// accepted, as the kernel lists them; 0 for an empty address.
func Connections(t testing.TB, address string) int {
	t.Helper()
	if address == "" {
		return 0
	}
	tcp, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		SkipOrFail(t, "the kernel does not list its connections: "+err.Error())
	}
	const local, state, established = 1, 3, "01"
	count := 0
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) > state && fields[state] == established && strings.HasSuffix(fields[local], fmt.Sprintf(":%04X", tcp.Port)) {
			count++
		}
	}
	return count
}

// Deaf returns an address at which connections are neither accepted nor refused:
// that of a listener whose queue is full. It lasts as long as the test.
func Deaf(t testing.TB) (address string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 16 {
		waiting, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = waiting.Close() })
	}
	t.Fatal("a queue of no length takes 16 connections")
	return ""
}
