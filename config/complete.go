package config

import (
	"cmp"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// complete fills in what follows from other keys, and brings what may be written
// in several ways into one form. The fields' comments say which.
func (b *binder) complete(cfg *Config) {
	all := b.inOrder("locations", slices.Collect(maps.Keys(cfg.Locations)))
	for name, s := range cfg.Servers {
		s.Name = name
		if s.Protocol == "http" && !b.where.has(path{"servers", name, "locations"}) {
			s.Locations = all
		}
	}
	for name, l := range cfg.Locations {
		l.Name = name
		b.completeLocation(l)
	}
	for name, u := range cfg.Upstreams {
		u.Name = name
		b.completeUpstream(u)
	}
	for name, s := range cfg.Services {
		s.Name = name
		b.completeService(s)
	}
	if auto := &cfg.AutoRoutes; auto.Enabled && auto.Server == "" && len(cfg.Servers) == 1 {
		for auto.Server = range cfg.Servers {
		}
	}
}

// inOrder sorts the names of a section's blocks by where they stand.
func (b *binder) inOrder(section string, names []string) []string {
	slices.SortFunc(names, func(x, y string) int {
		p, q := b.where.find(path{section, x}), b.where.find(path{section, y})
		return cmp.Or(cmp.Compare(p.file, q.file), cmp.Compare(p.line, q.line), cmp.Compare(p.col, q.col), cmp.Compare(x, y))
	})
	return names
}

func (b *binder) completeLocation(l *Location) {
	if !b.where.has(path{"locations", l.Name, "path_type"}) {
		l.PathType, l.Path = pathSpelling(l.Path)
	}
	for i, host := range l.Host {
		if pattern, ok := strings.CutPrefix(host, "~"); ok {
			l.Host[i] = "~" + strings.TrimSpace(pattern)
		} else {
			l.Host[i] = strings.ToLower(host)
		}
	}
	for i, method := range l.Methods {
		l.Methods[i] = strings.ToUpper(method)
	}
}

// pathSpelling reads Pingap's "= /exact" and "~ regexp", with the space or without.
func pathSpelling(text string) (pathType, rest string) {
	if rest, ok := strings.CutPrefix(text, "="); ok {
		return "exact", strings.TrimSpace(rest)
	}
	if rest, ok := strings.CutPrefix(text, "~"); ok {
		return "regex", strings.TrimSpace(rest)
	}
	return "prefix", text
}

func (b *binder) completeUpstream(u *Upstream) {
	p := path{"upstreams", u.Name}
	u.TLS = u.TLS || u.SNI != ""
	for i, server := range u.DNSServer {
		if _, err := netip.ParseAddr(server); err == nil {
			u.DNSServer[i] = net.JoinHostPort(server, "53")
		}
	}
	switch {
	case u.HealthCheck == "":
		if u.Health != nil {
			b.checkHealth(p.to("health"), u.Health)
		}
	case u.Health != nil:
		b.report(p.to("health_check"), "set as well as the table [health]; one of them is enough", "")
	default:
		u.Health = b.healthURL(p.to("health_check"), u.HealthCheck)
	}
}

func (b *binder) completeService(s *Service) {
	if s.Check != "ttl" && s.Check != "" {
		s.CheckHealth = b.healthURL(path{"services", s.Name, "check"}, s.Check)
	}
	if s.App != "" {
		s.AppHealth = b.healthURL(path{"services", s.Name, "app"}, s.App)
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return
	}
	n, err := strconv.Atoi(port)
	if err != nil || s.Port != 0 && s.Port != n {
		b.report(path{"services", s.Name, "address"}, "its port is not the one in port", "")
		return
	}
	s.Address, s.Port = host, n
}
