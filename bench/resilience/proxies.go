package main

import (
	"context"
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
)

//go:embed configs
var configs embed.FS

// proxy is how one proxy is started.
type proxy struct {
	name    string
	config  string // file in configs/
	command func(b *bench, config, dir string) *exec.Cmd
	// tries is how many requests the proxy has sent to an instance so far; nil =
	// it says so in a log.
	tries func(ctx context.Context, p *running, sick string) (int, error)
}

func proxies() []proxy {
	return []proxy{
		{"pingap", "pingap.toml", func(b *bench, config, _ string) *exec.Cmd {
			return exec.Command(b.pingap, "run", "-config", config)
		}, pingapTries},
		{"nginx", "nginx.conf", func(_ *bench, config, dir string) *exec.Cmd {
			return exec.Command("nginx", "-p", dir, "-c", config)
		}, nil},
		{"HAProxy", "haproxy.cfg", func(_ *bench, config, _ string) *exec.Cmd {
			return exec.Command("haproxy", "-db", "-f", config)
		}, haproxyTries},
	}
}

// running is a proxy that runs.
type running struct {
	*process
	proxy
	dir, addr, admin string
}

// settings fill a configuration.
type settings struct {
	Dir, Addr, Admin string
	Instances        []string
}

func (b *bench) startProxy(ctx context.Context, dir string, spec proxy, instances []*instance) (*running, error) {
	s := settings{Dir: dir}
	for _, i := range instances {
		s.Instances = append(s.Instances, i.addr)
	}
	var err error
	if s.Addr, err = freeAddr(); err != nil {
		return nil, err
	}
	if s.Admin, err = freeAddr(); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, spec.config)
	if err := s.write(spec.config, config); err != nil {
		return nil, err
	}
	p, err := start(ctx, dir, spec.name, s.Addr, spec.command(b, config, dir))
	if err != nil {
		return nil, err
	}
	return &running{p, spec, dir, s.Addr, s.Admin}, nil
}

func (s settings) write(name, to string) error {
	parsed, err := template.ParseFS(configs, "configs/"+name)
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	if err := parsed.Execute(f, s); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
