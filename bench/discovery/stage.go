package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// stage is what most rows play on: an agent, instances of the service "api", and
// a pingap that follows it.
type stage struct {
	agent     *agent
	relay     *relay // nil unless asked for
	instances map[string]*instance
	proxy     *proxy
	clients   *load
	closed    sync.Once
}

type stageOptions struct {
	keeps   bool // the agent comes back with its catalog
	relayed bool // pingap asks it through a relay
}

// startStage starts and registers instances of those names, and waits until
// pingap serves from them. On error nothing is left.
func startStage(ctx context.Context, b *bench, o stageOptions, names ...string) (s *stage, err error) {
	s = new(stage)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.agent, err = startAgent(ctx, b, o.keeps); err != nil {
		return s, err
	}
	address := s.agent.http
	if o.relayed {
		if s.relay, err = startRelay(address); err != nil {
			return s, err
		}
		address = s.relay.addr
	}
	if s.instances, err = startInstances(names...); err != nil {
		return s, err
	}
	for _, i := range s.instances {
		if err = s.agent.set(i.at("api")); err != nil {
			return s, err
		}
	}
	if s.proxy, err = newProxy(b, address, "api"); err != nil {
		return s, err
	}
	if err = s.proxy.start(ctx); err != nil {
		return s, err
	}
	return s, s.proxy.awaitUp(ctx, "api", 10*time.Second, s.names()...)
}

// names are those of all instances, in order.
func (s *stage) names() []string { return slices.Sorted(maps.Keys(s.instances)) }

// load asks the proxy so many times a second until end or close.
func (s *stage) load(ctx context.Context, rate int) *load {
	s.clients = startLoad(ctx, s.proxy.addr, "/api", rate)
	return s.clients
}

// close ends everything, in an order in which nothing misses anything.
func (s *stage) close() {
	s.closed.Do(func() {
		if s.clients != nil {
			s.clients.end()
		}
		if s.proxy != nil && s.proxy.cmd != nil {
			s.proxy.stop()
		}
		if s.relay != nil {
			s.relay.close()
		}
		if s.agent != nil && s.agent.exited != nil {
			s.agent.kill()
		}
		stopInstances(s.instances)
	})
}
