package e2e

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"pingap-go/config"
	"pingap-go/engine"
)

// head begins most configurations: where to listen, where to keep state.
const head = `
[basic]
state_dir = "${STATE}"
[admin]
addr = "${ADMIN}"
[servers.http]
addr = "${PROXY}"
`

// program is the whole program in this process.
type program struct {
	*face
	engine *engine.Engine
	text   atomic.Pointer[string]
	log    record
	access record
	left   sync.Once
}

// boot starts the program from a configuration text.
func (s *stage) boot(text string) *program {
	s.Helper()
	p := &program{face: s.face(s.env["PROXY"], s.env["ADMIN"])}
	p.text.Store(&text)
	p.engine = engine.New(engine.Options{
		Load:    func() (*config.Config, error) { return config.Parse("e2e.toml", *p.text.Load(), s.lookup) },
		Version: "e2e", Commit: "none", AccessLog: &p.access,
		Log: slog.New(slog.NewTextHandler(&p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err := p.engine.Start(context.Background()); err != nil {
		s.Fatalf("start: %v", err)
	}
	s.Cleanup(func() {
		p.leave()
		if s.Failed() {
			s.Logf("the program said:\n%s", p.log.String())
		}
	})
	return p
}

// leave ends the program; it is ended with the test at the latest.
func (p *program) leave() {
	p.left.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		p.client.CloseIdleConnections() // a drain gives idle ones half a second
		p.adminClient.CloseIdleConnections()
		if err := p.engine.Shutdown(ctx); err != nil {
			p.stage.Errorf("shutdown: %v", err)
		}
	})
}

// change has the program reload with another text.
func (p *program) change(text string) error {
	p.text.Store(&text)
	_, err := p.engine.Reload(context.Background())
	return err
}
