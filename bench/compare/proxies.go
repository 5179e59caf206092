package main

import (
	"context"
	"embed"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"golang.org/x/sys/unix"
)

// configs are the configuration files, templates over settings.
//
//go:embed configs
var configs embed.FS

// maxConnections is what every proxy is told to take.
const maxConnections = 12_000

// proxySpec is how one proxy is started and how it says its version.
type proxySpec struct {
	program string // looked up in the bin directory, then in PATH
	config  string // name below configs/; "" when it takes none
	args    func(config string, s settings) []string
	large   bool     // with buffers larger than the defaults
	version []string // asks the program; nil reads what Go wrote into the binary
}

// proxies are all that can be compared, by name.
var proxies = map[string]proxySpec{
	"pingap": {
		program: "pingap", config: "pingap.toml", version: []string{"version"},
		args: func(config string, s settings) []string { return []string{"-config", config} },
	},
	"nginx": {
		program: "nginx", config: "nginx.conf", version: []string{"-v"},
		args: nginxArgs,
	},
	// nginx tuned for bodies, for the rows that have some.
	"nginx-large": {
		program: "nginx", config: "nginx.conf", version: []string{"-v"}, large: true,
		args: nginxArgs,
	},
	"haproxy": {
		program: "haproxy", config: "haproxy.cfg", version: []string{"-v"},
		args: func(config string, s settings) []string { return []string{"-db", "-f", config} },
	},
	"caddy": {
		program: "caddy", config: "Caddyfile",
		args: func(config string, s settings) []string {
			return []string{"run", "--adapter", "caddyfile", "--config", config}
		},
	},
	"baseline": {
		program: "baseline",
		args: func(_ string, s settings) []string {
			return []string{"-addr", s.Addr, "-upstream", s.Endpoints[0]}
		},
	},
}

func nginxArgs(config string, s settings) []string { return []string{"-p", s.Dir, "-c", config} }

// shape is what a proxy is set up for. The zero shape is one location and one
// endpoint, without TLS. More locations and endpoints are for the subject only.
type shape struct {
	locations, endpoints int
	tls                  bool
}

// location is one [locations.NAME] of the subject.
type location struct{ Name, Path string }

// settings fill the templates.
type settings struct {
	Dir, Addr, AdminAddr, Port string
	Certificate                string // file with its key; "" = no TLS
	Endpoints                  []string
	Locations                  []location
	Files, Connections         int
	LargeBuffers               bool
}

// proxy is a running proxy.
type proxy struct {
	*group
	addr, scheme string
	client       *http.Client
}

func (p *proxy) url(path string) string { return p.scheme + "://" + p.addr + path }

// bench is one run of the program: its directory, its upstream, its options.
type bench struct {
	bin, subject string
	pairs        int
	each         time.Duration
	notes        []string // what the rows say beside their figures, for below the table

	dir      string
	shown    *certificate
	origin   *group
	originAt string // port of the upstream, which listens on all of 127.0.0.0/8
	files    int
}

// open makes the scratch directory and starts the upstream.
func (b *bench) open(ctx context.Context) (err error) {
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	b.files = int(limit.Cur)
	if b.dir, err = os.MkdirTemp("", "pingap-bench-"); err != nil {
		return err
	}
	if b.shown, err = newCertificate(b.dir); err != nil {
		return err
	}
	addrs, err := freeAddrs(1)
	if err != nil {
		return err
	}
	_, b.originAt, _ = net.SplitHostPort(addrs[0])
	b.origin, err = startGroup(ctx, b.dir, "upstream", addrs[0], filepath.Join(b.bin, "upstream"), "-addr", "0.0.0.0:"+b.originAt)
	if err != nil {
		os.RemoveAll(b.dir)
	}
	return err
}

func (b *bench) close() {
	b.origin.stop()
	os.RemoveAll(b.dir)
}

// start runs the named proxies, each on a port of its own.
func (b *bench) start(ctx context.Context, names []string, s shape) ([]*proxy, error) {
	var started []*proxy
	for _, name := range names {
		p, err := b.startOne(ctx, name, s)
		if err != nil {
			stopAll(started)
			return nil, err
		}
		started = append(started, p)
	}
	return started, nil
}

func stopAll(started []*proxy) {
	for _, p := range started {
		p.stop()
	}
}

func (b *bench) startOne(ctx context.Context, name string, size shape) (*proxy, error) {
	spec, ok := proxies[name]
	if !ok {
		return nil, fmt.Errorf("no proxy %q", name)
	}
	program, err := b.find(spec.program)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, name+"-")
	if err != nil {
		return nil, err
	}
	s, err := b.settings(dir, size)
	if err != nil {
		return nil, err
	}
	s.LargeBuffers = spec.large
	config := ""
	if spec.config != "" {
		config = filepath.Join(dir, spec.config)
		if err := s.write(spec.config, config); err != nil {
			return nil, err
		}
	}
	g, err := startGroup(ctx, dir, name, s.Addr, append([]string{program}, spec.args(config, s)...)...)
	if err != nil {
		return nil, err
	}
	p := &proxy{group: g, addr: s.Addr, scheme: "http", client: b.shown.client}
	if size.tls {
		p.scheme = "https"
	}
	return p, nil
}

// find prefers what bench/run.sh has built.
func (b *bench) find(program string) (string, error) {
	if given := os.Getenv("PINGAP_BIN"); program == "pingap" && given != "" {
		return given, nil
	}
	built := filepath.Join(b.bin, program)
	if _, err := os.Stat(built); err == nil {
		return built, nil
	}
	return exec.LookPath(program)
}

func (b *bench) settings(dir string, size shape) (settings, error) {
	s := settings{Dir: dir, Files: b.files, Connections: maxConnections}
	addrs, err := freeAddrs(2)
	if err != nil {
		return s, err
	}
	s.Addr, s.AdminAddr = addrs[0], addrs[1]
	_, s.Port, _ = net.SplitHostPort(s.Addr)
	if size.tls {
		s.Certificate = b.shown.file
	}
	for i := range max(size.endpoints, 1) {
		s.Endpoints = append(s.Endpoints, fmt.Sprintf("127.0.0.%d:%s", i+1, b.originAt))
	}
	s.Locations = append(s.Locations, location{Name: "all", Path: "/"})
	for i := range max(size.locations, 1) - 1 {
		s.Locations = append(s.Locations, location{
			Name: fmt.Sprintf("service_%04d", i),
			Path: fmt.Sprintf("/service-%04d/", i),
		})
	}
	return s, nil
}

func (s settings) write(name, to string) error {
	parsed, err := template.ParseFS(configs, "configs/"+name)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, s); err != nil {
		return err
	}
	return os.WriteFile(to, []byte(text.String()), 0o600)
}

// freeAddrs are so many different loopback addresses that nobody listens on.
func freeAddrs(n int) (addrs []string, err error) {
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close() // once all are chosen: a port that is free again may be given again
		addrs = append(addrs, listener.Addr().String())
	}
	return addrs, nil
}
