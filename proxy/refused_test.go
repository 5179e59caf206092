package proxy_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"pingap-go/internal/testkit"
	"pingap-go/telemetry/accesslog"
)

// The log says who sends what breaks the rules, whatever protocol he breaks them in.
func TestTheLogSaysWhoIsRefused(t *testing.T) {
	var log testkit.Journal
	lines := accesslog.NewWriter(&log, slog.New(slog.DiscardHandler))
	format, err := accesslog.Compile("{client_ip} {status} {:error_type}")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, func(p *parts) { p.limits.HTTP2 = true }, newOrigin(t, always(hello)))
	site := *r.site
	site.Log, site.Format = lines, format
	r.server.Serve(&site, []string{"127.0.0.1:0"})
	r.dial(t).ask("GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", 400)
	if got := r.asksInFrames(t, "", ":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/../x"); got != "400" {
		t.Fatalf("the answer is %s", got)
	}
	testkit.Eventually(t, patience, func() error { // lines are written when the exchange is over
		if n := log.Count("127.0.0.1 400 bad_request\n"); n != 2 {
			return fmt.Errorf("the log has %q", log.String())
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := lines.Close(ctx); err != nil {
		t.Error(err)
	}
}
