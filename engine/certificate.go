package engine

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"pingap-go/config"
	"pingap-go/proxy"
)

// http2On reports whether a server speaks HTTP/2: where nobody says, with TLS only.
func http2On(s *config.Server) bool {
	switch {
	case s.Protocol != "http":
		return false
	case s.EnableHTTP2 == nil:
		return s.TLSCert != ""
	}
	return *s.EnableHTTP2
}

// offered are the protocols that a server's clients may choose from. What a tcp
// server's speak is between them and the upstream.
func offered(s *config.Server) []string {
	switch {
	case s.Protocol != "http":
		return nil
	case http2On(s):
		return []string{"h2", "http/1.1"}
	}
	return []string{"http/1.1"}
}

// buildTLS gives a site what its clients are greeted with. The files are read at each
// load. Where they hold what they held before, clients can resume their sessions.
func (b *builder) buildTLS(site *proxy.Site, s *config.Server) {
	cert, err := certificate(s)
	if err != nil {
		b.report(err, "servers", s.Name)
		return
	}
	if cert == nil {
		return
	}
	switch now := time.Now(); {
	case now.After(cert.Leaf.NotAfter):
		b.log.Warn("certificate has expired", "server", s.Name, "file", s.TLSCert, "expired", cert.Leaf.NotAfter)
	case now.Before(cert.Leaf.NotBefore):
		b.log.Warn("certificate is not valid yet", "server", s.Name, "file", s.TLSCert, "valid_from", cert.Leaf.NotBefore)
	}
	site.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12, NextProtos: offered(s)}
	if s.TLSMinVersion == "1.3" {
		site.TLS.MinVersion = tls.VersionTLS13
	}
	if old := b.old.sites[s.Name]; old != nil && sameTLS(old.TLS, site.TLS) {
		site.TLS = old.TLS
	}
}

// sameTLS reports whether clients see no difference. A certificate has one key only.
func sameTLS(a, b *tls.Config) bool {
	return a != nil && a.MinVersion == b.MinVersion && slices.Equal(a.NextProtos, b.NextProtos) &&
		slices.EqualFunc(a.Certificates[0].Certificate, b.Certificates[0].Certificate, bytes.Equal)
}

// certificate reads what a server shows its clients; nil when it speaks no TLS. What
// is wrong is a keyError.
func certificate(s *config.Server) (*tls.Certificate, error) {
	if s.TLSCert == "" || s.TLSKey == "" {
		return nil, nil // config reports one without the other
	}
	chain, err := os.ReadFile(s.TLSCert)
	if err != nil {
		return nil, &keyError{"tls_cert", err}
	}
	if err := checkChain(chain); err != nil {
		return nil, &keyError{"tls_cert", fmt.Errorf("%s %w", s.TLSCert, err)}
	}
	key, err := os.ReadFile(s.TLSKey)
	if err != nil {
		return nil, &keyError{"tls_key", err}
	}
	cert, err := tls.X509KeyPair(chain, key) // its errors quote neither file
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "tls: ")
		return nil, &keyError{"tls_key", fmt.Errorf("%s does not go with %s: %s", s.TLSKey, s.TLSCert, reason)}
	}
	return &cert, nil
}

// checkChain reports what is wrong with the certificates of a PEM file.
func checkChain(text []byte) error {
	found := 0
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		found++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("holds a certificate (number %d) that cannot be read: %w", found, err)
		}
	}
	if found == 0 {
		return fmt.Errorf("holds no certificate")
	}
	return nil
}
