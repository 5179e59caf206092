package proxy_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"

	"pingap-go/internal/wire"
	"pingap-go/proxy"
	"pingap-go/telemetry/metrics"
)

// A literal address is listened on by its own version of IP, so that both
// wildcards can be had on one port.
func TestBothWildcardsShareAPort(t *testing.T) {
	m := metrics.New(metrics.Build{})
	site := &proxy.Site{Server: "s", Metrics: m.Server("s")}
	s := proxy.NewServer("s", site, wire.NewWatchdog(), nil, slog.New(slog.DiscardHandler))
	ctx := context.Background()
	t.Cleanup(func() { _ = s.Shutdown(ctx) })
	if err := s.Open(ctx, []string{"0.0.0.0:0"}); err != nil {
		t.Fatal(err)
	}
	four := s.Addrs()[0].String()
	if !strings.HasPrefix(four, "0.0.0.0:") {
		t.Errorf("0.0.0.0 became %s", four)
	}
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return // a machine without IPv6 has but one wildcard
	}
	l.Close()
	six := strings.Replace(four, "0.0.0.0", "[::]", 1)
	if err := s.Open(ctx, []string{six}); err != nil {
		t.Errorf("beside %s: %v", four, err)
	}
}
