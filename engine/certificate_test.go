package engine

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pingap-go/config"
	"pingap-go/internal/testkit"
)

// httpsServer is a server with a certificate, in front of nobody.
func httpsServer(cert, key, more string) string {
	return fmt.Sprintf("[plugins.p]\ncategory = \"ping\"\n[locations.a]\nplugins = [\"p\"]\n[servers.s]\naddr = \"127.0.0.1:0\"\ntls_cert = %q\ntls_key = %q\n%s", cert, key, more)
}

func copyFile(t *testing.T, to string, from ...string) {
	t.Helper()
	var all []byte
	for _, name := range from {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	if err := os.WriteFile(to, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

// greet does a handshake with server s, whose certificate must be the one in the file.
func (p *program) greet(trusted string, config *tls.Config) (*tls.Conn, error) {
	p.t.Helper()
	pem, err := os.ReadFile(trusted)
	if err != nil {
		p.t.Fatal(err)
	}
	config.RootCAs, config.ServerName = x509.NewCertPool(), "localhost"
	config.RootCAs.AppendCertsFromPEM(pem)
	return tls.Dial("tcp", p.at["s"], config)
}

// shows reports whether a new connection gets the certificate in the file.
func (p *program) shows(trusted string) error {
	nc, err := p.greet(trusted, &tls.Config{})
	if err == nil {
		err = nc.Close()
	}
	return err
}

// What is wrong with the files is told at the key that names them, before anything
// is built, and by a build on its own.
func TestCertificatesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	cert, key := testkit.Certificate(t)
	_, other := testkit.Certificate(t)
	empty, garbled := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "garbled.pem")
	copyFile(t, empty)
	if err := os.WriteFile(garbled, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, cert, key, want string }{
		{"no such certificate", dir + "/none.pem", key, "servers.s.tls_cert: open " + dir + "/none.pem: no such file"},
		{"no such key", cert, dir + "/none.pem", "servers.s.tls_key: open " + dir + "/none.pem: no such file"},
		{"an empty file", empty, key, "servers.s.tls_cert: " + empty + " holds no certificate"},
		{"a key in its place", key, key, "servers.s.tls_cert: " + key + " holds no certificate"},
		{"no readable certificate", garbled, key, "servers.s.tls_cert: " + garbled + " holds a certificate (number 1) that cannot be read: "},
		{"the key of another", cert, other, "servers.s.tls_key: " + other + " does not go with " + cert + ": private key does not match public key"},
		{"no key", cert, cert, "servers.s.tls_key: " + cert + " does not go with " + cert + ": found a certificate rather than a key"},
		{"a directory", dir, key, "servers.s.tls_cert: read " + dir + ": is a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := httpsServer(tt.cert, tt.key, "")
			if _, err := config.Parse("x.toml", text, nil, Check); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check: %v, want %s", err, tt.want)
			}
			c, err := config.Parse("x.toml", text, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := Validate(c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("build: %v, want %s", err, tt.want)
			}
		})
	}
}

// The files are read at every reload, whether or not the configuration has changed.
func TestReloadReadsCertificatesAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := dir+"/cert.pem", dir+"/key.pem"
	first, firstKey := testkit.Certificate(t)
	second, secondKey := testkit.Certificate(t)
	copyFile(t, cert, first, second) // a chain: what follows the first is shown, too
	copyFile(t, key, firstKey)
	text := httpsServer(cert, key, "")
	p := start(t, text)
	old, err := p.greet(first, &tls.Config{NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	state := old.ConnectionState()
	if state.NegotiatedProtocol != "h2" || len(state.PeerCertificates) != 2 {
		t.Errorf("speaks %q, shows %d certificates", state.NegotiatedProtocol, len(state.PeerCertificates))
	}
	copyFile(t, cert, second) // with the key of the first
	if _, err := p.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "does not go with") {
		t.Errorf("reload with half of a renewal: %v", err)
	}
	if err := p.shows(first); err != nil {
		t.Errorf("the old certificate after a reload that failed: %v", err)
	}
	copyFile(t, key, secondKey)
	if _, err := p.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.shows(second); err != nil {
		t.Errorf("the new certificate: %v", err)
	}
	if p.shows(first) == nil {
		t.Error("the old certificate is still shown")
	}
}

// resumes reports whether a second handshake resumes the session of a first.
func (p *program) resumes(cache tls.ClientSessionCache) bool {
	p.t.Helper()
	client := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ClientSessionCache: cache}}
	res, err := client.RoundTrip(mustRequest(p.t, "https://"+p.at["s"]+"/ping"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.TLS.DidResume
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// A reload that does not touch TLS leaves clients their sessions. Others change it
// where the server listens already.
func TestReloadChangesTLSOfAnOpenAddress(t *testing.T) {
	cert, key := testkit.Certificate(t)
	p := start(t, httpsServer(cert, key, ""))
	cache := tls.NewLRUClientSessionCache(4)
	p.resumes(cache)
	p.reload(httpsServer(cert, key, "idle_timeout = \"30s\""))
	if !p.resumes(cache) {
		t.Error("a session was lost for nothing")
	}
	p.reload(httpsServer(cert, key, "tls_min_version = \"1.3\"\nenable_http2 = false"))
	if nc, err := p.greet(cert, &tls.Config{MaxVersion: tls.VersionTLS12}); err == nil {
		nc.Close()
		t.Error("TLS 1.2 is still spoken")
	}
	nc, err := p.greet(cert, &tls.Config{NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := nc.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("speaks %q", got)
	}
	nc.Close()
	plain, _, _ := strings.Cut(httpsServer("", "", ""), "tls_cert")
	p.reload(plain)
	if err := p.says("s", "http://a/ping", 200, ""); err != nil {
		t.Errorf("without TLS: %v", err)
	}
	p.reload(httpsServer(cert, key, ""))
	if err := p.shows(cert); err != nil {
		t.Errorf("with TLS again: %v", err)
	}
}

func TestExpiredCertificateIsAWarning(t *testing.T) {
	cert, key := testkit.CertificateUntil(t, time.Now().Add(-time.Hour))
	var log bytes.Buffer
	c, err := config.Parse("x.toml", httpsServer(cert, key, ""), nil, Check)
	if err != nil {
		t.Fatal(err)
	}
	e := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil)), AccessLog: io.Discard})
	defer e.cancel()
	g, err := e.build(c, e.current.Load())
	if err != nil {
		t.Fatal(err)
	}
	g.discard(&Generation{})
	if err := e.accessLog.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "level=WARN msg=\"certificate has expired\" server=s file="+cert) {
		t.Errorf("the log says %q", log.String())
	}
}
