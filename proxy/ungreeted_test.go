package proxy_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// heard is what a program's log was told.
type heard struct{ testkit.Journal }

// lines are those with the words given.
func (h *heard) lines(words ...string) (found []string) {
	for line := range strings.Lines(h.String()) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			found = append(found, line)
		}
	}
	return found
}

// audible is a rig with TLS whose log is heard.
func audible(t *testing.T, change func(*parts)) (*rig, *heard) {
	t.Helper()
	h := new(heard)
	return start(t, secure(t, func(p *parts) {
		if change != nil {
			change(p)
		}
		p.log = slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug})
	}), newOrigin(t, always(hello))), h
}

// failures waits until so many handshakes are counted as failed.
func (r *rig) failures(t *testing.T, count int) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		return r.hasMetric(fmt.Sprintf(`pingap_tls_handshake_failures_total{server="s"} %d`, count))
	})
}

// An operator is told who does not get through the handshake, and why.
func TestFailedHandshakesAreToldWithTheirReason(t *testing.T) {
	for name, tt := range map[string]struct {
		fail   func(*testing.T, *client)
		reason string
	}{
		"our certificate is not believed": {greetsAs(func(c *tls.Config) { c.InsecureSkipVerify, c.RootCAs = false, x509.NewCertPool() }), "bad certificate"},
		"an old version":                  {greetsAs(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), "unsupported versions"},
		"no protocol in common":           {greetsAs(func(c *tls.Config) { c.NextProtos = []string{strings.Repeat("x", 250), "y"} }), "xxx"},
		"a weak cipher with HTTP/2": {greetsAs(func(c *tls.Config) {
			c.NextProtos, c.MaxVersion, c.CipherSuites = []string{"h2"}, tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		}), "cipher"},
		"plain HTTP":             {func(_ *testing.T, c *client) { c.send(get("/")) }, "does not look like"},
		"it stops":               {func(_ *testing.T, c *client) { c.send(hello13) }, "timeout"},
		"it leaves in the hello": {func(_ *testing.T, c *client) { c.send(hello13); c.halfClose() }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			r, h := audible(t, func(p *parts) {
				if tt.reason == "timeout" {
					p.limits.ReadHeaderTimeout = shortly
				}
			})
			c := r.raw(t)
			tt.fail(t, c)
			r.failures(t, 1)
			client := c.LocalAddr().String()
			var told []string
			testkit.Eventually(t, patience, func() error {
				if told = h.lines("level=INFO", "no TLS handshake", "server=s", "client="+client, "failures=1", tt.reason); len(told) != 1 {
					return fmt.Errorf("the log is %q", h.lines())
				}
				return nil
			})
			if len(told[0]) > 500 {
				t.Errorf("a client made a line of %d bytes", len(told[0]))
			}
		})
	}
}

// greetsAs is a client that tries a handshake of its own.
func greetsAs(change func(*tls.Config)) func(*testing.T, *client) {
	return func(_ *testing.T, c *client) {
		config := clientTLS("http/1.1")
		config.ServerName = "localhost"
		change(config)
		_ = tls.Client(c.Conn, config).Handshake() // the server's view is what counts
	}
}

// Whoever can connect can fail as fast as he likes: the count says how often.
func TestFailedHandshakesDoNotFloodTheLog(t *testing.T) {
	r, h := audible(t, nil)
	began := time.Now()
	for range 30 {
		c := r.raw(t)
		c.send("\x00\xff")
		c.send(strings.Repeat("\x00\xff", 500))
		c.Close()
	}
	r.failures(t, 30)
	testkit.Eventually(t, patience, func() error {
		if n := len(h.lines("no TLS handshake")); n != 30 {
			return fmt.Errorf("%d lines", n)
		}
		return nil
	})
	most := 1 + int(time.Since(began)/(10*time.Second))
	if told := h.lines("level=INFO", "no TLS handshake"); len(told) < 1 || len(told) > most {
		t.Errorf("the log is %q", told)
	}
}

// A check of TCP that connects and leaves is no failure.
func TestWhoOnlyKnocksIsNoFailure(t *testing.T) {
	r, h := audible(t, nil)
	for name, leave := range map[string]func(*client){
		"closes":    func(c *client) { c.Close() },
		"is reset":  func(c *client) { c.reset() },
		"half-ends": func(c *client) { c.halfClose() },
	} {
		t.Run(name, func(t *testing.T) {
			c := r.raw(t)
			leave(c)
			testkit.Eventually(t, patience, func() error {
				if len(h.lines("level=DEBUG", "no TLS handshake", "client="+c.LocalAddr().String())) != 1 {
					return net.ErrClosed
				}
				return nil
			})
		})
	}
	if told := h.lines("level=INFO", "no TLS handshake"); len(told) > 0 {
		t.Errorf("the log is %q", told)
	}
	r.failures(t, 0)
}
