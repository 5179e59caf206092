package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"pingap-go/internal/nearest"
)

// check says everything that types cannot: names that nobody has, addresses
// that two servers claim, keys that belong together.
func (b *binder) check(cfg *Config) {
	b.checkAdmin(&cfg.Admin)
	b.checkConsul(&cfg.Consul)
	b.checkOtel(&cfg.Otel)
	b.checkServers(cfg)
	for _, l := range cfg.Locations {
		b.checkLocation(cfg, l)
	}
	for _, u := range cfg.Upstreams {
		b.checkUpstream(u)
	}
	for _, s := range cfg.Services {
		b.checkService(s)
	}
	b.checkAutoRoutes(cfg)
}

func (b *binder) checkAdmin(a *Admin) {
	p := path{"admin", "addr"}
	if a.Addr == "" {
		return
	}
	listen, err := parseListen(a.Addr)
	switch {
	case err != nil:
		b.report(p, err.Error(), "")
	case strings.HasPrefix(a.Addr, "unix:"):
		b.report(p, "the admin API listens on TCP only: \"host:port\"", "")
	case a.Token == "" && !listen.isLoopback():
		b.report(p, fmt.Sprintf("%q is not a loopback address; admin.token must be set to serve there", a.Addr), "")
	}
}

func (b *binder) checkConsul(c *Consul) {
	if strings.Contains(c.Address, "@") { // it would stand in the text of every error
		b.report(path{"consul", "address"}, "must not hold credentials; use token, token_file or the variable CONSUL_HTTP_AUTH", "")
	}
	if c.Token != "" && c.TokenFile != "" {
		b.report(path{"consul", "token_file"}, "set as well as token; one of them is enough", "")
	}
}

func (b *binder) checkOtel(o *Otel) {
	if o.Endpoint == "" {
		return
	}
	scheme, host, ok := strings.Cut(o.Endpoint, "://")
	if !ok || host == "" || !slices.Contains([]string{"http", "https", "grpc", "grpcs"}, scheme) {
		b.report(path{"otel", "endpoint"}, fmt.Sprintf("%q is not a URL such as \"http://host:4318\" or \"grpc://host:4317\"", o.Endpoint), "")
	}
}

func (b *binder) checkService(s *Service) {
	p := path{"services", s.Name}
	if s.Port == 0 {
		b.report(p.to("port"), "a service must say its port, here or in address", "")
	}
	if s.Address != "" && !isHost(s.Address) {
		b.report(p.to("address"), fmt.Sprintf("%q is not a host or \"host:port\"", s.Address), "")
	}
	if s.AppHealth != nil && !strings.Contains(s.AppHealth.Host, ":") {
		b.report(p.to("app"), fmt.Sprintf("%q does not say the port on which the app listens", s.App), "")
	}
	if strings.HasPrefix(s.ID, "_nomad-task-") {
		b.report(p.to("id"), "Nomad removes registrations whose ID begins with \"_nomad-task-\"", "")
	}
}

func (b *binder) checkAutoRoutes(cfg *Config) {
	auto := &cfg.AutoRoutes
	p := path{"auto_routes"}
	switch {
	case auto.Server != "":
		reference(b, p.to("server"), "server", auto.Server, cfg.Servers)
		if s := cfg.Servers[auto.Server]; s != nil && s.Protocol == "tcp" && auto.Enabled {
			b.report(p.to("server"), fmt.Sprintf("%q is a tcp server, and automatic routes are for requests", auto.Server), "")
		}
	case auto.Enabled:
		b.report(p.to("server"), "must say which of the servers takes the routes", "")
	}
	if auto.TagPrefix == "" {
		b.report(p.to("tag_prefix"), "must not be empty", "")
	}
	for i, glob := range auto.Services {
		if _, err := filepath.Match(glob, ""); err != nil {
			b.report(p.to("services", element(i)), fmt.Sprintf("%q is not a name or a glob such as \"web-*\"", glob), "")
		}
	}
}

// reference checks that name is one of the blocks of a section. Where that
// section's own name was mistyped, nothing can be said.
func reference[T any](b *binder, at path, kind, name string, blocks map[string]T) {
	if _, ok := blocks[name]; ok || b.unsure(path{kind + "s"}) {
		return
	}
	names := slices.Sorted(maps.Keys(blocks))
	b.report(at, fmt.Sprintf("no %s is named %q", kind, name), nearest.Name(name, names))
}
