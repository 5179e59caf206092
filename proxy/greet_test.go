package proxy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// raw is a client that does no handshake.
func (r *rig) raw(t testing.TB) *client {
	t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, nc)
}

// hello13 is the beginning of a ClientHello: a record of 512 bytes, of which some come.
const hello13 = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

func TestHandshakeHasTheTimeOfAHead(t *testing.T) {
	o := newOrigin(t, always(hello))
	r := start(t, secure(t, hasty), o)
	for name, play := range map[string]func(*client){
		"nothing comes":          func(c *client) {},
		"it stops in the middle": func(c *client) { c.send(hello13) },
		"it trickles":            func(c *client) { trickles(c.Conn, hello13, "x") },
	} {
		t.Run(name, func(t *testing.T) {
			c := r.raw(t)
			began, done := time.Now(), make(chan bool)
			var run = func() { play(c); close(done) }
			go run()
			_, _ = io.Copy(io.Discard, c.r) // an alert may come
			inTime(t, began, shortly)
			c.Close()
			<-done
		})
	}
	r.untouched(t, o)
}

// untouched says that all connections are gone and that none has asked anything.
func (r *rig) untouched(t *testing.T, o *origin) {
	t.Helper()
	testkit.Eventually(t, patience, func() error { return r.hasMetric(`pingap_connections{server="s",state="idle"} 0`) })
	if o.connections() > 0 {
		t.Errorf("the upstream got %q", o.received())
	}
	if r.hasMetric(`pingap_requests_in_flight{server="s"} 0`) != nil {
		t.Error("a handshake counts as a request")
	}
}

func TestWhatIsNoHandshakeEndsTheConnection(t *testing.T) {
	o := newOrigin(t, always(hello))
	r := start(t, secure(t, nil), o)
	for name, text := range map[string]string{
		"garbage":         strings.Repeat("\x00\xff", 500),
		"a broken hello":  "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
		"an alert":        "\x15\x03\x01\x00\x02\x02\x28",
		"HTTP/2's begin":  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"an early goodby": "",
	} {
		t.Run(name, func(t *testing.T) {
			c := r.raw(t)
			c.send(text)
			if text == "" {
				c.halfClose()
			}
			c.SetReadDeadline(time.Now().Add(patience / 2))
			if _, err := io.Copy(io.Discard, c.r); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Error("the connection stays open")
			}
			c.Close()
		})
	}
	r.untouched(t, o)
}

func TestPlainRequestIsToldThatThisIsTLS(t *testing.T) {
	o := newOrigin(t, always(hello))
	r := start(t, secure(t, nil), o)
	for _, request := range []string{get("/"), get("/" + strings.Repeat("x", 5000))} {
		c := r.raw(t)
		c.send(request)
		if a := c.answer("GET"); a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, "HTTPS") || !a.Close {
			t.Errorf("status %d, %q", a.StatusCode, a.body)
		}
		c.halfClose()
		c.over()
	}
	r.untouched(t, o)
}

func TestHandshakesCountAsConnections(t *testing.T) {
	r := start(t, secure(t, func(p *parts) { p.limits.MaxConnections = 2 }), newOrigin(t, always(hello)))
	a, b := r.raw(t), r.raw(t)
	testkit.Eventually(t, patience, func() error { return r.hasMetric(`pingap_connections{server="s",state="idle"} 2`) })
	r.raw(t).over()
	a.Close()
	b.Close()
	testkit.Eventually(t, patience, func() error {
		c := r.dial(t)
		defer c.Close()
		_, err := c.exchange(get("/"), "GET")
		return err
	})
}

// While a client dawdles in the handshake others are served, and a shutdown gives it
// a while.
func TestHandshakeHoldsNobodyUp(t *testing.T) {
	r := start(t, secure(t, func(p *parts) { p.limits.TunnelGrace = shortly }), newOrigin(t, always(hello)))
	c := r.raw(t)
	c.send(hello13)
	r.dial(t).open("/")
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.server.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("shutdown took %v", took)
	}
}

// Clients that take nothing are cut off at the end of a shutdown, all at once and with
// no wait for their farewell.
func TestShutdownWaitsForNoFarewell(t *testing.T) {
	o := newOrigin(t, patientOrigin)
	r := start(t, secure(t, nil), o)
	for range 3 {
		c := r.dial(t)
		c.send(get("/large"))
		c.head("GET")
	}
	ctx, cancel := context.WithTimeout(t.Context(), shortly)
	defer cancel()
	began := time.Now()
	if err := r.server.Shutdown(ctx); err == nil {
		t.Error("nothing was cut off")
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("shutdown took %v", took)
	}
}
