package config

import (
	"fmt"
	"reflect"
	"strings"
)

// insteadOn says what serves in place of a key that a protocol has not, where
// something does.
var insteadOn = map[string]map[string]string{
	"http": {"upstream": "http servers have locations, which name it"},
	"tcp": {
		"locations":           "upstream says where its connections go",
		"access_log":          "it sees no requests; /metrics counts its connections",
		"read_header_timeout": "idle_timeout bounds a connection in which nothing moves",
	},
}

// checkProtocol refuses keys that mean nothing to the server's protocol, and what a
// tcp server cannot do with its upstream.
func (b *binder) checkProtocol(cfg *Config, s *Server) {
	p := path{"servers", s.Name}
	if b.unsure(p.to("protocol")) {
		return
	}
	for key, f := range fieldsOf(reflect.TypeFor[Server]()) {
		only := f.Tag.Get("only")
		if only == "" || only == s.Protocol || !b.where.has(p.to(key)) {
			continue
		}
		text := fmt.Sprintf("means nothing with protocol = %q", s.Protocol)
		if serves := insteadOn[s.Protocol][key]; serves != "" {
			text += ": " + serves
		}
		b.report(p.to(key), text, "")
	}
	if s.Protocol == "tcp" {
		b.checkRelay(cfg, s)
	}
}

// checkRelay checks that a tcp server has an upstream, and that this needs no
// requests.
func (b *binder) checkRelay(cfg *Config, s *Server) {
	p := path{"servers", s.Name, "upstream"}
	if s.Upstream == "" {
		b.report(p, "a tcp server must say its upstream", "")
		return
	}
	b.checkUpstreamName(cfg, p, s.Upstream)
	u := cfg.Upstreams[s.Upstream]
	if u == nil {
		return
	}
	kind, _, hashes := strings.Cut(u.Algorithm, ":")
	switch {
	case u.ALPN != "h1":
		b.report(p, fmt.Sprintf("%q speaks HTTP/2 (alpn = %q), and a tcp server carries what its clients speak", u.Name, u.ALPN), "")
	case hashes && kind == "hash" && u.Algorithm != "hash:ip":
		b.report(p, fmt.Sprintf("%q goes by requests (algorithm = %q), and a tcp server sees none; use hash:ip, or another upstream for the same service", u.Name, u.Algorithm), "")
	case u.Sticky != "":
		b.report(p, fmt.Sprintf("%q goes by cookies (sticky = %q), and a tcp server sees none; use hash:ip, or another upstream for the same service", u.Name, u.Sticky), "")
	}
}
