package playground

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Add starts an instance and registers it.
func (p *Playground) Add() (Instance, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return Instance{}, p.ctx.Err()
	}
	if len(p.members) >= Most {
		return Instance{}, ErrFull
	}
	p.made++
	started, err := startInstance(fmt.Sprintf("app-%d", p.made))
	if err != nil {
		return Instance{}, err
	}
	p.registry.add(started.name, started.port)
	m := &member{instance: started, state: Serving}
	p.members = append(p.members, m)
	p.log.Info("instance is registered", "instance", started.name, "address", started.addr())
	return m.describe(), nil
}

// Kill ends an instance as a crash does: its listener closes and its connections
// are reset at once, while the registry lists it for another three seconds.
func (p *Playground) Kill(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.find(name)
	if err != nil {
		return err
	}
	registered := m.state == Serving
	m.state = Crashed
	m.kill()
	p.log.Info("instance was killed", "instance", name, "registered_for", notice)
	if registered {
		p.tasks.Go(func() { p.bury(m) })
	}
	return nil
}

// bury takes a crashed instance out of the registry when its time has come.
func (p *Playground) bury(m *member) {
	wait(p.ctx, notice)
	p.registry.remove(m.name)
	p.forget(m)
}

// Remove ends an instance in good order: the registry stops listing it, and it
// stops when the proxy has had time to hear of that.
func (p *Playground) Remove(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.find(name)
	if err == nil && m.state == Serving {
		p.leave(m)
	}
	return err
}

// leave begins the removal of a member. p.mu is held.
func (p *Playground) leave(m *member) {
	m.state = Leaving
	p.registry.remove(m.name)
	p.log.Info("instance is leaving", "instance", m.name)
	p.tasks.Go(func() { p.stop(m) })
}

func (p *Playground) stop(m *member) {
	wait(p.ctx, farewell)
	m.stop(p.ctx)
	p.forget(m)
}

// Scale adds instances, or removes the newest, until n are serving.
func (p *Playground) Scale(n int) error {
	if n < 0 || n > Most {
		return fmt.Errorf("scale to %d: must be 0 to %d", n, Most)
	}
	p.mu.Lock()
	serving := 0
	for _, m := range p.members {
		if m.state != Serving {
			continue
		}
		if serving++; serving > n {
			p.leave(m)
		}
	}
	p.mu.Unlock()
	for ; serving < n; serving++ {
		if _, err := p.Add(); err != nil {
			return err
		}
	}
	return nil
}

// SetMode makes an instance behave.
func (p *Playground) SetMode(name string, mode Mode) error {
	if !slices.Contains(Modes(), mode) {
		return fmt.Errorf("mode %q is none of %v", mode, Modes())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.find(name)
	if err != nil {
		return err
	}
	m.set(mode)
	p.log.Info("instance behaves differently", "instance", name, "mode", mode)
	return nil
}

// List is all instances, the oldest first.
func (p *Playground) List() []Instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Instance, 0, len(p.members))
	for _, m := range p.members {
		list = append(list, m.describe())
	}
	return list
}

func (m *member) describe() Instance {
	return Instance{
		Name: m.name, ID: m.id(), Address: m.addr(), Mode: m.mode(), State: m.state, Requests: m.requests.Load(),
	}
}

// find is the living member of that name. p.mu is held.
func (p *Playground) find(name string) (*member, error) {
	for _, m := range p.members {
		if m.name == name && m.state != Crashed {
			return m, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
}

func (p *Playground) forget(m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.members = slices.DeleteFunc(p.members, func(x *member) bool { return x == m })
	p.log.Info("instance is gone", "instance", m.name)
}

// wait waits for d or for ctx.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
