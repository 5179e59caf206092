package health

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// app is an HTTP server with an answer for each case of the tests.
func app() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "status: ready\n") })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/busy", 302) })
	mux.HandleFunc("/host", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "host="+r.Host) })
	mux.HandleFunc("/query", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "deep="+r.FormValue("deep")) })
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(103); w.WriteHeader(200) })
	mux.HandleFunc("/late", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", maxProbeBody)+"ready")
	})
	return mux
}

func TestHTTPProbe(t *testing.T) {
	server := httptest.NewServer(app())
	defer server.Close()
	address := server.Listener.Addr().String()
	only204, _ := ParseStatus("204")
	for _, c := range []struct {
		name  string
		check Check
		want  string
	}{
		{"200 is well", Check{Path: "/ok"}, ""},
		{"a redirect is an answer, and is not followed", Check{Path: "/moved"}, ""},
		{"503 is not", Check{Path: "/busy"}, "answered 503, expected 200-399"},
		{"no such page", Check{Path: "/nowhere"}, "answered 404, expected 200-399"},
		{"another status expected", Check{Path: "/ok", Status: only204}, "answered 200, expected 204"},
		{"103 before the answer", Check{Path: "/hints"}, ""},
		{"expected text is there", Check{Path: "/ok", Body: "ready"}, ""},
		{"expected text is not there", Check{Path: "/ok", Body: "steady"}, `answer does not contain "steady"`},
		{"expected text comes after 64 KiB", Check{Path: "/late", Body: "ready"}, `answer does not contain "ready"`},
		{"Host header is the check's", Check{Path: "/host", Host: "api.internal", Body: "host=api.internal"}, ""},
		{"Host header is the endpoint's own", Check{Path: "/host", Body: "host=" + address}, ""},
		{"query is sent", Check{Path: "/query?deep=1", Body: "deep=1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.check.Scheme = "http"
			if got := message(probing(t, c.check, address)); got != c.want {
				t.Errorf("probe says %q, want %q", got, c.want)
			}
		})
	}
}

func TestHTTPProbeOverUnixSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "app.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: app()}}
	server.Start()
	defer server.Close()
	if err := probing(t, Check{Scheme: "http", Path: "/host", Body: "host=localhost"}, "unix:"+socket); err != nil {
		t.Error(err)
	}
}

func TestHTTPProbeOfServersThatMisbehave(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct{ name, answer, want string }{
		{"hangs up", "", "connection closed before an answer"},
		{"speaks something else", "220 mail.example.com ESMTP\r\n", "malformed HTTP"},
		{"sends header lines without end", head + strings.Repeat("X-Pad: 0123456789\r\n", 20_000), "connection closed"},
		{"sends 1xx without end", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20_000), "malformed HTTP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
				io.ReadAtLeast(conn, make([]byte, 4096), 1)
				io.WriteString(conn, c.answer)
			})
			err := probing(t, Check{Scheme: "http"}, address)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("probe says %v, want %q", err, c.want)
			}
			if strings.Contains(fmt.Sprint(err), address) {
				t.Errorf("%q names the address, which changes from endpoint to endpoint", err)
			}
		})
	}
}

func TestHTTPSProbe(t *testing.T) {
	authority := newAuthority(t)
	server := httptest.NewUnstartedServer(app())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.issue(t, "api.internal")}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	address := server.Listener.Addr().String()
	trusting := &tls.Config{RootCAs: authority.pool}
	for _, c := range []struct {
		name  string
		check Check
		want  string
	}{
		{"trusted, named by Host", Check{Host: "api.internal:443", TLSConfig: trusting}, ""},
		{"trusted, named by ServerName", Check{TLSConfig: &tls.Config{RootCAs: authority.pool, ServerName: "api.internal"}}, ""},
		{"verification turned off", Check{TLSConfig: &tls.Config{InsecureSkipVerify: true}}, ""},
		{"nobody trusts the authority", Check{Host: "api.internal"}, "certificate signed by unknown authority"},
		{"certificate is another's", Check{Host: "db.internal", TLSConfig: trusting}, "not db.internal"},
		{"well, but busy", Check{Host: "api.internal", Path: "/busy", TLSConfig: trusting}, "answered 503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.check.Scheme = "https"
			if c.check.Path == "" {
				c.check.Path = "/ok"
			}
			got := message(probing(t, c.check, address))
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("probe says %q, want %q", got, c.want)
			}
		})
	}
}
