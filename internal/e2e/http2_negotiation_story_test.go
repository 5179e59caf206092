package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"

	"pingap-go/internal/testkit"
)

// tlsInstance starts an instance that speaks these protocols over TLS. Its
// address stands in for ${NAME}, its certificate's path for ${CA}.
func (s *stage) tlsInstance(name string, protocols *http.Protocols) *instance {
	s.Helper()
	certFile, keyFile := testkit.Certificate(s)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		s.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	i := &instance{name: name, addr: l.Addr().String()}
	i.well()
	server := &http.Server{
		Handler: http.HandlerFunc(i.handle), Protocols: protocols, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
		ConnState: func(_ net.Conn, state http.ConnState) { i.countConn(state) },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.ServeTLS(l, "", "")
	}()
	s.Cleanup(func() { _ = server.Close(); <-done })
	s.env[name], s.env["CA"] = i.addr, certFile
	return i
}

// Over TLS the instance chooses, and the choice is what is used from then on.
func TestProtocolIsNegotiatedOverTLS(t *testing.T) {
	one, both := new(http.Protocols), new(http.Protocols)
	one.SetHTTP1(true)
	both.SetHTTP1(true)
	both.SetHTTP2(true)
	for _, c := range []struct {
		name, alpn string
		speaks     *http.Protocols
		status     int
		proto      string
		conns      int64
	}{
		{"h2 offered and taken", "h2", both, 200, "HTTP/2.0", 1},
		{"h2 insisted upon in vain", "h2", one, 502, "", -1},
		{"both offered, h2 taken", "h2h1", both, 200, "HTTP/2.0", 1},
		{"both offered, h1 taken", "h2h1", one, 200, "HTTP/1.1", 1},
		{"h1 offered", "h1", both, 200, "HTTP/1.1", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			a := s.tlsInstance("A", c.speaks)
			p := s.boot(strings.ReplaceAll(head+`
[upstreams.api]
addrs = ["${A}"]
alpn = "ALPN"
sni = "localhost"
ca_file = "${CA}"
[upstreams.api.ejection]
enabled = false
[locations.api]
upstream = "api"
`, "ALPN", c.alpn))
			for range 5 {
				got := p.ask("POST", "/echo", strings.NewReader("x"))
				if got.StatusCode != c.status || c.proto != "" && !strings.Contains(got.body, fmt.Sprintf(`"Proto":%q`, c.proto)) {
					t.Fatalf("%d %s", got.StatusCode, got.body)
				}
			}
			if n := a.conns.Load(); c.conns >= 0 && n != c.conns {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// WebSocket goes by HTTP/1.1 where a host speaks both.
func TestWebSocketBesideHTTP2(t *testing.T) {
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetHTTP2(true)
	s := newStage(t)
	a := s.tlsInstance("A", both)
	p := s.boot(head + `
[upstreams.api]
addrs = ["${A}"]
alpn = "h2h1"
sni = "localhost"
ca_file = "${CA}"
[locations.api]
upstream = "api"
`)
	if got := p.echo("/echo"); got.Proto != "HTTP/2.0" {
		t.Fatalf("the host speaks %s", got.Proto)
	}
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, r.Proto, http.StatusTeapot)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nwelcome")
	})
	c, in := p.dial()
	send(t, c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	got, _ := io.ReadAll(in)
	if !strings.HasPrefix(string(got), "HTTP/1.1 101") || !strings.HasSuffix(string(got), "welcome") {
		t.Errorf("%q", got)
	}
}
