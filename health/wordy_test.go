package health

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// An endpoint that answers with a novel does not get it into logs, the admin API and
// Consul.
func TestWordyEndpointsAreCutShort(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 " + strings.Repeat("x", 60_000) + "\r\n\r\n", strings.Repeat("é", 30_000) + "\r\n\r\n"} {
		address := listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
			_, _ = io.ReadAtLeast(conn, make([]byte, 4096), 1)
			_, _ = io.WriteString(conn, answer)
		})
		check := Check{Scheme: "http"}.withDefaults()
		host := &monitored{target: Target{ID: "a", Address: address}, last: Result{Verdict: Unknown}}
		host.conclude(probing(t, check, address), check, time.Now())
		if reason := host.last.Reason; len(reason) > 300 || !strings.HasPrefix(reason, "probe failed: malformed HTTP") {
			t.Errorf("of %d bytes: %.100q", len(reason), reason)
		}
	}
}
