package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pingap-go/internal/nearest"
)

// claim is an address together with who listens on it.
type claim struct {
	listenAddress
	by path
}

// checkServers checks each server, in the order of the files, and that no two
// of them, nor the admin API, claim one address.
func (b *binder) checkServers(cfg *Config) {
	var taken []claim
	if listen, err := parseListen(cfg.Admin.Addr); err == nil {
		taken = append(taken, claim{listen, path{"admin", "addr"}})
	}
	for _, name := range b.inOrder("servers", slices.Collect(maps.Keys(cfg.Servers))) {
		s := cfg.Servers[name]
		taken = b.checkAddrs(s, taken)
		b.checkProtocol(cfg, s)
		b.checkTLS(s)
		b.checkAccessLog(s)
		for i, location := range s.Locations {
			reference(b, path{"servers", name, "locations", element(i)}, "location", location, cfg.Locations)
		}
	}
}

// checkAddrs adds the server's addresses to those that are taken.
func (b *binder) checkAddrs(s *Server, taken []claim) []claim {
	p := path{"servers", s.Name, "addr"}
	if len(s.Addr) == 0 {
		b.report(p, "a server must say its address", "")
	}
	for i, text := range s.Addr {
		at := p.to(element(i))
		listen, err := parseListen(text)
		if err != nil {
			b.report(at, err.Error(), listenHint(text))
			continue
		}
		for _, other := range taken {
			if listen.clashes(other.listenAddress) {
				b.report(at, fmt.Sprintf("%q is taken by %s", text, other.by), "")
			}
		}
		taken = append(taken, claim{listen, p})
	}
	return taken
}

// listenHint is what a bare port or a bare host was meant to be.
func listenHint(text string) string {
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		return ":" + text
	}
	return ""
}

// checkTLS checks that a certificate and its key are named together. What is in the
// files is for others to find out.
func (b *binder) checkTLS(s *Server) {
	p := path{"servers", s.Name}
	switch {
	case s.TLSCert != "" && s.TLSKey == "":
		b.report(p.to("tls_cert"), "needs tls_key, the file of the certificate's key", "")
	case s.TLSKey != "" && s.TLSCert == "":
		b.report(p.to("tls_key"), "needs tls_cert, the file of the key's certificate", "")
	case s.TLSCert == "" && b.where.has(p.to("tls_min_version")):
		b.report(p.to("tls_min_version"), "needs tls_cert and tls_key: without them the server speaks no TLS", "")
	}
}

// accessLogs are the formats that have a name.
var accessLogs = []string{"off", "combined", "common", "short", "tiny", "json"}

// checkAccessLog accepts a named format, or one that is spelled out with {tags}.
func (b *binder) checkAccessLog(s *Server) {
	if slices.Contains(accessLogs, s.AccessLog) || strings.Contains(s.AccessLog, "{") {
		return
	}
	b.report(path{"servers", s.Name, "access_log"},
		fmt.Sprintf("%q is neither one of %s nor a format with {tags}", s.AccessLog, strings.Join(accessLogs, ", ")),
		nearest.Name(s.AccessLog, accessLogs))
}
