package proxy_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// serverTLS is what a server with a certificate of its own offers.
func serverTLS(t testing.TB, protocols ...string) *tls.Config {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(testkit.Certificate(t))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: protocols}
}

// clientTLS is a client that offers protocols.
func clientTLS(protocols ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}
}

// transport puts clients on plain TCP, or on TLS, whatever else a rig's change is.
type transport func(change func(*parts)) func(*parts)

func everyTransport(t *testing.T, test func(*testing.T, transport)) {
	t.Run("plain", func(t *testing.T) { test(t, func(change func(*parts)) func(*parts) { return change }) })
	t.Run("TLS", func(t *testing.T) {
		test(t, func(change func(*parts)) func(*parts) { return secure(t, change) })
	})
}

// secure adds TLS with both protocols to a change, which may be nil.
func secure(t testing.TB, change func(*parts)) func(*parts) {
	return func(p *parts) {
		if change != nil {
			change(p)
		}
		p.tls = serverTLS(t, "h2", "http/1.1")
	}
}

// browser is net/http's client with TLS.
func browser(t testing.TB, config *tls.Config, http2 bool) *http.Client {
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: http2}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// What was agreed on in the handshake is spoken, and requests are of https.
func TestProtocolIsAgreedOnInTheHandshake(t *testing.T) {
	for _, tt := range []struct {
		name          string
		offers, takes []string
		want          string
	}{
		{"both", []string{"h2", "http/1.1"}, []string{"h2", "http/1.1"}, "HTTP/2.0"},
		{"a client of HTTP/1", []string{"h2", "http/1.1"}, []string{"http/1.1"}, "HTTP/1.1"},
		{"a client that says nothing", []string{"h2", "http/1.1"}, nil, "HTTP/1.1"},
		{"a server of HTTP/1", []string{"http/1.1"}, []string{"h2", "http/1.1"}, "HTTP/1.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requests := make(chan *http.Request, 10)
			r := start(t, func(p *parts) { p.tls = serverTLS(t, tt.offers...) }, newOrigin(t, seen(requests, hello)))
			client := browser(t, clientTLS(tt.takes...), len(tt.takes) > 1)
			for range 5 {
				res, err := client.Get(r.url("/"))
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				got := <-requests
				_, port, _ := net.SplitHostPort(r.addr)
				if res.Proto != tt.want || got.Header.Get("X-Forwarded-Proto") != "https" || got.Header.Get("X-Forwarded-Port") != port {
					t.Errorf("%s, upstream got %v", res.Proto, got.Header)
				}
			}
			client.CloseIdleConnections()
			testkit.Eventually(t, patience, func() error { return r.hasMetric(`pingap_connections{server="s",state="idle"} 0`) })
		})
	}
}

// HTTP/2 over TLS is what both have agreed on, and nothing that a client begins with
// by itself.
func TestPrefaceWithoutAgreementIsRefused(t *testing.T) {
	r := start(t, secure(t, func(p *parts) { p.limits.HTTP2 = true }), newOrigin(t, always(hello)))
	c := r.dial(t)
	c.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if a := c.answer("GET"); a.StatusCode < 400 {
		t.Errorf("status %d", a.StatusCode)
	}
}

func TestPipelinedRequestsOverTLS(t *testing.T) {
	c := start(t, secure(t, nil), newOrigin(t, always(hello))).dial(t)
	c.send(strings.Repeat(get("/"), 20))
	for range 20 {
		if a := c.answer("GET"); a.body != "hello" {
			t.Fatalf("got %q", a.body)
		}
	}
}

func TestClientsBelowTheMinimumAreRefused(t *testing.T) {
	r := start(t, func(p *parts) { p.tls = serverTLS(t, "h2", "http/1.1"); p.tls.MinVersion = tls.VersionTLS13 }, newOrigin(t, always(hello)))
	r.tls.MaxVersion = tls.VersionTLS12
	nc, err := tls.Dial("tcp", r.addr, r.tls)
	if err == nil {
		nc.Close()
		t.Fatal("TLS 1.2 was agreed on")
	}
	r.tls.MaxVersion = 0
	r.dial(t).open("/")
}

// RFC 9113 section 9.2.2: HTTP/2 is not spoken with the ciphers that it forbids.
func TestWeakCiphersAreNotForHTTP2(t *testing.T) {
	requests := make(chan *http.Request, 10)
	r := start(t, secure(t, nil), newOrigin(t, seen(requests, hello)))
	config := clientTLS("h2", "http/1.1")
	config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	if res, err := browser(t, config, true).Get(r.url("/")); err == nil {
		res.Body.Close()
		t.Errorf("answered %s", res.Proto)
	}
	if len(requests) > 0 {
		t.Error("the upstream was asked")
	}
}

// A reload brings another certificate, or none, for new connections; the old ones
// go on.
func TestNewConnectionsGetWhatIsInForce(t *testing.T) {
	r := start(t, secure(t, nil), newOrigin(t, always(hello)))
	old := r.dial(t)
	old.open("/")
	first := certificateOf(t, r)
	serve := func(config *tls.Config) {
		site := *r.site
		site.TLS = config
		r.server.Serve(&site, []string{"127.0.0.1:0"})
	}
	serve(serverTLS(t, "http/1.1"))
	if certificateOf(t, r) == first {
		t.Error("the old certificate is still shown")
	}
	serve(nil)
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	newClient(t, nc).open("/")
	old.open("/")
}

// certificateOf is what a new connection is shown.
func certificateOf(t testing.TB, r *rig) string {
	t.Helper()
	nc, err := tls.Dial("tcp", r.addr, r.tls)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	return fmt.Sprintf("%x", nc.ConnectionState().PeerCertificates[0].Signature)
}

// A client of HTTP/2 that goes away takes its requests with it.
func TestHTTP2ClientThatLeavesOverTLSCancels(t *testing.T) {
	for name, leave := range map[string]func(*tls.Conn){
		"with a farewell": func(nc *tls.Conn) { nc.Close() },
		"without":         func(nc *tls.Conn) { nc.NetConn().Close() },
	} {
		t.Run(name, func(t *testing.T) {
			served, left := make(chan struct{}), make(chan struct{})
			o := newOrigin(t, func(v *visit) { v.request(); close(served); v.ended() })
			r := start(t, secure(t, once), o)
			var conn *tls.Conn
			client := browser(t, nil, true)
			client.Transport.(*http.Transport).DialTLSContext = func(context.Context, string, string) (nc net.Conn, err error) {
				conn, err = tls.Dial("tcp", r.addr, clientTLS("h2"))
				return conn, err
			}
			var ask = func() {
				defer close(left)
				if res, err := client.Get(r.url("/")); err == nil {
					res.Body.Close()
				}
			}
			go ask()
			<-served
			leave(conn)
			cancelled(t, o.visit(t, 0), time.Now())
			<-left
		})
	}
}
