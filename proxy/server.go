package proxy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"pingap-go/internal/bind"
	"pingap-go/internal/loop"
	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/proxy/http2"
	"pingap-go/telemetry/metrics"
)

// Limits are what one server allows a client.
type Limits struct {
	ReadHeaderTimeout time.Duration // from the first byte of a head to its last; also all of TLS's handshake
	IdleTimeout       time.Duration // between two requests
	Stall             time.Duration // a body that makes no progress
	MaxHeaderBytes    int
	MaxConnections    int64 // 0 = no bound
	HTTP2             bool  // HTTP/2 with prior knowledge; over TLS Site.TLS says what is offered
	// TunnelGrace is how long tunnels live on when the server shuts down, those of a
	// tcp server too; 0 = 5 s.
	TunnelGrace time.Duration
}

// defaultTunnelGrace is time for a message under way, not for a conversation.
const defaultTunnelGrace = 5 * time.Second

// Server owns the listeners and connections of one [servers.NAME] section. It
// outlives generations: a reload gives it another Site.
type Server struct {
	name     string
	dog      *wire.Watchdog
	loops    *loop.Group
	log      *slog.Logger
	site     atomic.Pointer[Site]
	metrics  *metrics.Server
	draining atomic.Bool
	// tunnelsEnd is the watchdog's time at which tunnels are ended; 0 = not yet.
	tunnelsEnd atomic.Int64
	open       atomic.Int64
	// complained bounds the log's lines about handshakes.
	complained mono.Seldom

	connsMu sync.Mutex // held for a moment only: loops take it
	conns   map[severable]struct{}

	mu        sync.Mutex // held while names are looked up
	listeners map[string]*listener
	http2     *http2.Server // made for the first connection that speaks it
	accepting sync.WaitGroup
	serving   sync.WaitGroup
}

// NewServer makes a server that listens nowhere yet. dog must be running. loops run
// HTTP/1 connections; nil = each has a goroutine.
func NewServer(name string, site *Site, dog *wire.Watchdog, loops *loop.Group, log *slog.Logger) *Server {
	s := &Server{name: name, dog: dog, loops: loops, log: log, metrics: site.Metrics, listeners: map[string]*listener{}, conns: map[severable]struct{}{}}
	s.site.Store(site)
	return s
}

// Open binds the addresses given ("host:port" or "unix:PATH") that are not bound
// yet. Connections wait in the system's queue until Serve. If one address cannot
// be had, nothing changes.
func (s *Server) Open(ctx context.Context, addrs []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	opened := map[string]net.Listener{}
	for _, addr := range addrs {
		if s.listeners[addr] != nil || opened[addr] != nil {
			continue
		}
		l, err := bind.Listen(ctx, addr)
		if err != nil {
			for _, l := range opened {
				l.Close()
			}
			return fmt.Errorf("server %q: %w", s.name, err)
		}
		opened[addr] = l
	}
	for addr, l := range opened {
		s.listeners[addr] = newListener(l)
	}
	return nil
}

// Serve puts a site in force, from the next request or connection on, and makes the
// server accept on exactly the addresses given, which must be open.
func (s *Server) Serve(site *Site, addrs []string) {
	s.site.Store(site)
	s.leaveHTTP(site)
	s.mu.Lock()
	closing := s.retain(addrs)
	for _, l := range s.listeners {
		if !l.accepting {
			l.accepting = true
			s.log.Info("listening", "server", s.name, "addr", l.Addr().String())
			s.accepting.Go(func() { s.accept(l) })
		}
	}
	s.mu.Unlock()
	s.endAll(closing)
}

// Retain closes the listeners whose address is not in addrs.
func (s *Server) Retain(addrs []string) {
	s.mu.Lock()
	closing := s.retain(addrs)
	s.mu.Unlock()
	s.endAll(closing)
}

// retain forgets the listeners that are not in addrs and returns them, for endAll.
func (s *Server) retain(addrs []string) (closing []*listener) {
	keep := map[string]bool{}
	for _, a := range addrs {
		keep[a] = true
	}
	for addr, l := range s.listeners {
		if !keep[addr] {
			closing = append(closing, l)
			delete(s.listeners, addr)
		}
	}
	return closing
}

// Addrs are the addresses that are listened on, as the system gave them.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addrs []net.Addr
	for _, l := range s.listeners {
		addrs = append(addrs, l.Addr())
	}
	return addrs
}

// severable is a client's connection as its server knows it. Sever ends it at once,
// whatever goes on with it; its owner removes it then.
type severable interface{ Sever() error }

// add counts a connection in.
func (s *Server) add(c severable) {
	s.connsMu.Lock()
	s.conns[c] = struct{}{}
	s.connsMu.Unlock()
	s.metrics.Opened()
	s.serving.Add(1)
}

// remove forgets a connection that has ended.
func (s *Server) remove(c severable) {
	s.open.Add(-1)
	s.metrics.Closed()
	s.connsMu.Lock()
	delete(s.conns, c)
	s.connsMu.Unlock()
	s.serving.Done()
}

// limits are those of the site in force.
func (s *Server) limits() *Limits { return &s.site.Load().Limits }

// Drain says "Connection: close" on every answer from now on; listeners stay
// open until Shutdown.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown closes the listeners, lets requests under way finish, ends tunnels
// after their grace and closes what is left when ctx ends. It returns ctx's error
// if something was cut off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	grace := cmp.Or(s.limits().TunnelGrace, defaultTunnelGrace)
	s.tunnelsEnd.Store(s.dog.In(grace))
	s.mu.Lock()
	closing := s.retain(nil)
	s.mu.Unlock()
	s.endAll(closing)
	s.accepting.Wait()
	var away sync.WaitGroup
	defer away.Wait()
	s.sendAway(ctx, &away)
	idle := make(chan struct{})
	go s.awaitIdle(idle)
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	s.closeAll()
	<-idle
	return fmt.Errorf("server %q: connections were cut off: %w", s.name, ctx.Err())
}

// http2Server is what speaks HTTP/2 to clients, or nil once the server drains. It may
// block.
func (s *Server) http2Server() *http2.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http2 == nil && !s.parting() {
		l := s.limits()
		s.http2 = http2.NewServer(http2.Options{
			IdleTimeout: l.IdleTimeout, Stall: l.Stall, MaxHeaderBytes: l.MaxHeaderBytes, Log: s.log,
		})
	}
	return s.http2
}

// sendAway tells the clients that speak HTTP/2 to finish and go.
func (s *Server) sendAway(ctx context.Context, away *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.http2; h != nil {
		away.Go(func() { _ = h.Shutdown(ctx) }) // awaitIdle finds out who has not gone
	}
}

// awaitIdle closes idle when the last connection has ended.
func (s *Server) awaitIdle(idle chan<- struct{}) {
	s.serving.Wait()
	close(idle)
}

func (s *Server) closeAll() {
	s.connsMu.Lock()
	defer s.connsMu.Unlock()
	for c := range s.conns {
		_ = c.Sever() // fails only on a closed one
	}
}
