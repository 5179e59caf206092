package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"pingap-go/internal/testkit"
)

// httpsClient trusts one certificate file, and speaks what is agreed on.
func (s *stage) httpsClient(trusted string) *http.Client {
	s.Helper()
	pem, err := os.ReadFile(trusted)
	if err != nil {
		s.Fatal(err)
	}
	client, roots := s.client(), x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig, transport.ForceAttemptHTTP2 = &tls.Config{RootCAs: roots}, true
	return client
}

// renew puts a new certificate and its key in place of the old ones. It returns the
// file of the new certificate on its own, and a line of its key.
func (s *stage) renew() (trusted, secret string) {
	s.Helper()
	cert, key := testkit.Certificate(s)
	for from, to := range map[string]string{cert: s.env["CERT"], key: s.env["KEY"]} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			s.Fatal(err)
		}
		if from == key {
			secret = strings.Split(string(text), "\n")[1]
		}
	}
	return cert, secret
}

// An operator renews a certificate under a program that runs: half of it is refused,
// all of it is taken, by SIGHUP and by the API, and no key is ever shown.
func TestCertificateIsRenewed(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	dir := t.TempDir()
	s.env["CERT"], s.env["KEY"] = dir+"/cert.pem", dir+"/key.pem"
	first, firstSecret := s.renew()
	p := s.run(head + `
tls_cert = "${CERT}"
tls_key = "${KEY}"
access_log = "{scheme} {proto} {path}"
[upstreams.api]
addrs = ["${A}"]
[locations.api]
upstream = "api"
headers_set = ["X-Was: $scheme"]
`)
	client := s.httpsClient(first)
	s.wantSecure(client, "/echo/1")

	s.renew()
	if err := os.Remove(s.env["KEY"]); err != nil {
		t.Fatal(err)
	}
	if r := p.admin("POST", "/api/v1/reload"); r.StatusCode != 422 || !strings.Contains(r.body, "tls_key") {
		t.Errorf("reload without a key answers %d %s", r.StatusCode, r.body)
	}
	s.wantSecure(s.httpsClient(first), "/echo/2")

	second, secondSecret := s.renew()
	p.signal(syscall.SIGHUP)
	testkit.Eventually(t, patience, func() error { return p.shows(s.httpsClient(second)) })
	s.wantSecure(client, "/echo/3") // on its old connection
	client.CloseIdleConnections()
	if p.shows(client) == nil {
		t.Error("the old certificate is still shown")
	}
	p.out.awaitText(t, "https HTTP/2.0 /echo/3")
	shown := p.err.String() + p.out.String() + p.admin("GET", "/api/v1/config").body
	for _, secret := range []string{firstSecret, secondSecret} {
		if strings.Contains(shown, secret) {
			t.Error("a key is shown")
		}
	}
	if !strings.Contains(shown, s.env["KEY"]) {
		t.Error("the configuration does not say where the key is")
	}
	p.signal(syscall.SIGTERM)
	p.wantExit(0)
}

// shows is nil when a client gets through the handshake.
func (p *process) shows(client *http.Client) error {
	res, err := client.Get("https://" + p.proxy + "/")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != 200 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}

// wantSecure asks, and checks that the instance was told of https.
func (s *stage) wantSecure(client *http.Client, path string) {
	s.Helper()
	res, err := client.Get("https://" + s.env["PROXY"] + path)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	var got seen
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		s.Fatal(err)
	}
	if _, err := res.Body.Read(make([]byte, 1)); err != nil && !errors.Is(err, io.EOF) {
		s.Error(err)
	}
	_, port := split(s.env["PROXY"])
	if res.Proto != "HTTP/2.0" || got.Header.Get("X-Was") != "https" ||
		got.Header.Get("X-Forwarded-Proto") != "https" || got.Header.Get("X-Forwarded-Port") != port {
		s.Errorf("%s, the instance got %v", res.Proto, got.Header)
	}
}
