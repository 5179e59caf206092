package proxy

import (
	"context"
	"net"

	"pingap-go/proxy/tcp"
)

// relay has a tcp server's connection carried to a host.
func (s *Server) relay(r *tcp.Relay, nc net.Conn) {
	_, ip, _ := addrOf(nc.RemoteAddr())
	t := r.NewTunnel(nc, ip, tcp.Owner{
		Watchdog: s.dog, EndAt: &s.tunnelsEnd, Ungreeted: s.ungreeted, Ended: func(t *tcp.Tunnel) { s.remove(t) },
	})
	s.add(t)
	go t.Serve()
}

// relays reports whether the site in force is a tcp server's.
func (s *Server) relays() bool { return s.site.Load().Relay != nil }

// parting reports whether connections that speak HTTP are to end after the request
// that they serve: the server drains, or a reload has made it one for TCP.
func (s *Server) parting() bool { return s.draining.Load() || s.relays() }

// leaveHTTP tells clients that speak HTTP/2 to finish and go, when a reload has made
// the server one for TCP.
func (s *Server) leaveHTTP(site *Site) {
	if site.Relay == nil {
		return
	}
	s.mu.Lock()
	h := s.http2
	s.http2 = nil
	s.mu.Unlock()
	if h != nil {
		s.serving.Go(func() { _ = h.Shutdown(context.Background()) }) // ends with the last connection
	}
}
