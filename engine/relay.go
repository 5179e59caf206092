package engine

import (
	"time"

	"pingap-go/config"
	"pingap-go/proxy"
	"pingap-go/proxy/tcp"
)

// relayConnectTimeout is what locations have by default; a tcp server has no key for it.
const relayConnectTimeout = 3 * time.Second

// relayMargin is how long before the end of a drain the tunnels of a tcp server end:
// that is part of the drain, and must not be what it fails of.
const relayMargin = time.Second

// buildRelay makes what a tcp server does with its connections.
func (b *builder) buildRelay(site *proxy.Site, s *config.Server) {
	p := b.next.pools[s.Upstream]
	if p == nil {
		return // what is wrong with the upstream has been reported
	}
	m := b.engine.metrics.Route(s.Name, "", s.Upstream)
	b.next.routes = append(b.next.routes, m)
	site.Relay = &tcp.Relay{
		Name: s.Name, Pool: p.pool, ConnectTimeout: relayConnectTimeout, HandshakeTimeout: s.ReadHeaderTimeout,
		IdleTimeout: s.IdleTimeout, Server: site.Metrics, Metrics: m, Log: b.log,
	}
	most := b.config.Basic.ShutdownTimeout
	site.Limits.TunnelGrace = most - min(relayMargin, most/2)
}
