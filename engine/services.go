package engine

import (
	"context"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"sync"

	"pingap-go/admin"
	"pingap-go/config"
	"pingap-go/health"
	"pingap-go/register"
)

// serviceKey is all of the configuration that a registration depends on.
type serviceKey struct {
	Service config.Service
	Consul  config.Consul
}

// runningService is a registration with what it was made from and what ends it.
type runningService struct {
	key       serviceKey
	registrar *register.Registrar
	stop      context.CancelFunc // nil until started
	done      chan struct{}
}

func (s *runningService) id() string { return s.registrar.Status().Service.ID }

// end stops keeping the registration, which stays as it is.
func (s *runningService) end() {
	if s.stop != nil {
		s.stop()
		<-s.done
	}
}

// buildServices takes over the registrations that did not change and prepares
// the others.
func (b *builder) buildServices() {
	owner := map[string]string{}
	for _, name := range sortedKeys(b.config.Services) {
		s, err := b.buildService(b.config.Services[name])
		if err != nil {
			b.report(err, "services", name)
			continue
		}
		if other, twice := owner[s.id()]; twice {
			b.report(fmt.Errorf("service %q has the ID %q, too: one registration would replace the other", other, s.id()), "services", name, "id")
			continue
		}
		owner[s.id()] = name
		b.next.services[name] = s
	}
}

func (b *builder) buildService(c *config.Service) (*runningService, error) {
	key := serviceKey{Service: *c, Consul: b.config.Consul}
	if old := b.old.services[c.Name]; old != nil && reflect.DeepEqual(old.key, key) {
		return old, nil
	}
	s, err := serviceOf(c)
	if err != nil {
		return nil, err
	}
	client, err := b.consulClient()
	if err != nil {
		return nil, err
	}
	registrar, err := register.New(s, client.API(), b.log)
	if err != nil {
		return nil, err
	}
	return &runningService{key: key, registrar: registrar, done: make(chan struct{})}, nil
}

// serviceOf is a [services.NAME] section as its package wants it.
func serviceOf(c *config.Service) (register.Service, error) {
	s := register.Service{
		ID: c.ID, Name: c.Name, Address: c.Address, Port: c.Port, Tags: c.Tags, Meta: c.Meta, DeregisterAfter: c.DeregisterAfter,
	}
	if s.ID == "" {
		s.ID = register.DefaultID(c.Name, c.Port, os.LookupEnv)
	}
	if c.Weights != nil {
		s.Weights = &register.Weights{Passing: c.Weights.Passing, Warning: c.Weights.Warning}
	}
	if c.CheckHealth != nil {
		check, err := healthCheck(c.CheckHealth)
		if err != nil {
			return s, err
		}
		s.Check = &check
	}
	if c.AppHealth != nil {
		own, err := healthCheck(c.AppHealth)
		if err != nil {
			return s, err
		}
		s.Own, s.App = &own, c.AppHealth.Host
	}
	return s, nil
}

// swapServices ends the registrations that only the old generation has, and
// starts the new ones. One that changed under its ID is replaced in the agent
// and never gone from it.
func (e *Engine) swapServices(ctx context.Context, old, next *Generation) {
	keep := map[string]bool{}
	for _, s := range next.services {
		keep[s.id()] = true
	}
	var gone []*runningService
	for name, s := range old.services {
		if next.services[name] == s {
			continue
		}
		s.end()
		if !keep[s.id()] {
			gone = append(gone, s)
		}
	}
	e.leave(ctx, gone)
	for _, s := range next.services {
		e.startService(s)
	}
}

// startService begins to register once all pools are ready: who is sent traffic
// must know where to send it.
func (e *Engine) startService(s *runningService) {
	if s.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(e.ctx)
	s.stop = cancel
	e.tasks.Go(func() {
		defer close(s.done)
		if e.awaitReady(ctx); ctx.Err() == nil {
			s.registrar.Run(ctx)
		}
	})
}

// awaitReady waits until all pools of the generation in force are ready. A reload
// may have put others in the place of those that were waited for.
func (e *Engine) awaitReady(ctx context.Context) {
	for ctx.Err() == nil {
		g := e.current.Load()
		for _, p := range g.pools {
			p.pool.Await(ctx)
		}
		if g == e.current.Load() {
			return
		}
	}
}

// leaveServices deregisters everything, before anything else drains.
func (e *Engine) leaveServices(ctx context.Context) {
	var all []*runningService
	g := e.current.Load()
	for _, s := range slices.Concat(slices.Collect(maps.Values(g.services)), g.auto.takeNames()) {
		s.end()
		all = append(all, s)
	}
	e.leave(ctx, all)
}

// leave deregisters services whose registrars have ended, all at once.
func (e *Engine) leave(ctx context.Context, services []*runningService) {
	var leaving sync.WaitGroup
	for _, s := range services {
		leaving.Go(func() {
			if err := s.registrar.Leave(ctx); err != nil {
				e.log.Warn("service may stay registered until its check fails", "err", err)
			}
		})
	}
	leaving.Wait()
}

func (e *Engine) adminServices() []admin.Service {
	g := e.current.Load()
	var list []admin.Service
	for _, name := range sortedKeys(g.services) {
		list = append(list, serviceView(g.services[name].registrar.Status()))
	}
	for _, s := range g.auto.registeredNames() {
		list = append(list, serviceView(s.registrar.Status()))
	}
	return list
}

// serviceView shows a registration; its status is our verdict in Consul's words.
func serviceView(s register.Status) admin.Service {
	v := admin.Service{
		Name: s.Service.Name, ID: s.Service.ID, Address: s.Service.Address, Port: s.Service.Port, Tags: s.Service.Tags, Meta: s.Service.Meta,
		Registered: s.Registered, Status: "unknown", Output: s.Reason, Since: s.Since, LastError: s.LastError,
	}
	switch s.App {
	case health.Up:
		v.Status = "passing"
	case health.Down:
		v.Status = "critical"
	}
	return v
}
