package testkit

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
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
		t.Skip(err)
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
