package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"pingap-go/admin"
	"pingap-go/config"
	"pingap-go/upstream"
	"pingap-go/web"
)

// adminServer is the admin API and where it listens.
type adminServer struct {
	api    *admin.Admin
	addr   string
	server *admin.Server // nil = off
	fresh  *admin.Server // opened by a reload that is not in force yet
}

// openAdmin makes the admin API listen where the next generation wants it,
// beside the old place until the swap.
func (e *Engine) openAdmin(next *Generation) error {
	a, c := &e.admin, &next.config.Admin
	if a.api == nil {
		a.api = admin.New(e.adminOptions(c.Token))
	}
	if c.Addr == "" || c.Addr == a.addr {
		return nil
	}
	if err := admin.CheckAddr(c.Addr, c.Token); err != nil {
		return e.at(next.config, err, "admin", "addr")
	}
	if c.Token != "" { // from its first moment the new address asks for the new token
		a.api.SetToken(c.Token)
	}
	fresh, err := a.api.Listen(c.Addr)
	if err != nil {
		return e.at(next.config, err, "admin", "addr")
	}
	a.fresh = fresh
	return nil
}

// swapAdmin puts the next generation's address and token in force.
func (e *Engine) swapAdmin(next *Generation) {
	a, c := &e.admin, &next.config.Admin
	a.api.SetToken(c.Token)
	if c.Addr == a.addr {
		return
	}
	old := a.server
	a.server, a.fresh, a.addr = a.fresh, nil, c.Addr
	if a.server != nil {
		e.log.Info("the admin API listens", "addr", a.server.Addr().String())
	}
	if old == nil {
		return
	}
	e.tasks.Go(func() { // a reload may have come over the old address: it gets its answer
		ctx, cancel := context.WithTimeout(e.ctx, 5*time.Second)
		defer cancel()
		if err := old.Shutdown(ctx); err != nil {
			e.log.Warn("old admin address was cut off", "err", err)
		}
	})
}

// dropFreshAdmin takes back what a failed reload has opened, and its token.
func (e *Engine) dropFreshAdmin(ctx context.Context) {
	if c := e.current.Load().config; c != nil && e.admin.api != nil {
		e.admin.api.SetToken(c.Admin.Token)
	}
	if e.admin.fresh != nil {
		_ = e.admin.fresh.Shutdown(ctx) // it has answered nobody
		e.admin.fresh = nil
	}
}

// adminGrace is how long answers of the admin API have to finish once all
// servers have ended: a profile, or a connection on which nothing was asked yet,
// is no reason to keep a drained program.
const adminGrace = time.Second

// closeAdmin ends the admin API.
func (e *Engine) closeAdmin(ctx context.Context) {
	e.dropFreshAdmin(ctx)
	if e.admin.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, adminGrace)
	defer cancel()
	if err := e.admin.server.Shutdown(ctx); err != nil {
		e.log.Info("the admin API was cut off", "err", err)
	}
}

func (e *Engine) adminOptions(token string) admin.Options {
	return admin.Options{
		Token: token, Log: e.log, Metrics: e.metrics.Handler(e.log), Page: web.Handler(),
		Status: e.adminStatus, Upstreams: e.adminPools, Upstream: e.adminPool, Routes: e.adminRoutes, Services: e.adminServices,
		Config: func() any { return e.current.Load().config.Masked() },
		Reload: func(ctx context.Context) (uint64, error) {
			n, err := e.Reload(ctx)
			var problems config.Problems
			if errors.As(err, &problems) {
				invalid := &admin.Invalid{}
				for _, p := range problems {
					invalid.Problems = append(invalid.Problems, p.String())
				}
				return n, invalid
			}
			return n, err
		},
	}
}

func (e *Engine) adminStatus() admin.Status {
	g := e.current.Load()
	s := admin.Status{
		Version: e.options.Version, Generation: g.Number, Started: e.started, Draining: e.stopping.Load(),
		NotReady: e.notReady(g),
	}
	if last := e.lastLoad.Load(); last != nil {
		s.LastReload, s.ReloadError = last.good, last.problem
	}
	if g.config != nil {
		s.Name = g.config.Basic.Name
	}
	return s
}

// notReady says what is missing until traffic may come.
func (e *Engine) notReady(g *Generation) []string {
	var missing []string
	if e.stopping.Load() {
		missing = append(missing, "shutting down")
	}
	if g.config == nil {
		return append(missing, "starting: servers do not listen yet")
	}
	for name, p := range g.pools {
		if !p.pool.Ready() {
			missing = append(missing, `upstream "`+name+`" waits for the first answer of `+p.key.Upstream.Discovery+because(p.pool))
		}
	}
	if g.auto != nil {
		if what := g.auto.watcher.Waiting(); what != "" {
			missing = append(missing, "automatic routes wait for "+what)
		}
	}
	slices.Sort(missing)
	return missing
}

func because(p *upstream.Pool) string {
	if err := p.Status().LastError; err != "" {
		return ": " + err
	}
	return ""
}

// stateDir is where memberships are kept: as configured, or the user's cache.
func stateDir(c *config.Config) (string, error) {
	if c.Basic.StateDir != "" {
		return c.Basic.StateDir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "pingap", c.Basic.Name), nil
}
