package upstream

import (
	"context"
	"net"
	"time"

	"pingap-go/upstream/session"
)

// Protocol is what a pool speaks to its hosts.
type Protocol uint8

// The protocols. HTTP/2 without TLS is prior knowledge (RFC 9113 section 3.3).
const (
	// HTTP1 is HTTP/1.1 (alpn = "h1").
	HTTP1 Protocol = iota
	// HTTP2 is HTTP/2 and nothing else (alpn = "h2").
	HTTP2
	// Negotiated is what each host chooses by ALPN (alpn = "h2h1" with TLS).
	Negotiated
)

// joint is what is offered for connections that may carry many requests.
func (p Protocol) joint() []string {
	if p == Negotiated {
		return []string{"h2", "http/1.1"}
	}
	return []string{"h2"}
}

// alone is what is offered for connections of one request at a time.
func (p Protocol) alone() []string {
	if p == Negotiated {
		return []string{"http/1.1"}
	}
	return nil
}

// Protocol is what this pool speaks.
func (p *Pool) Protocol() Protocol { return p.options.Protocol }

func newSessions(s *Options) *session.Group {
	return session.NewGroup(s.transport, session.Rules{Fallback: s.Protocol == Negotiated, Requests: s.KeepaliveRequests})
}

// Join returns a slot on one of the host's HTTP/2 connections, kept or new. It
// returns nil when the host chooses HTTP/1.1: then Take and Dial are the way. The
// pool's protocol must not be HTTP1.
func (l *Lease) Join(ctx context.Context, within time.Duration) (*session.Conn, error) {
	h := l.host
	at := h.link.Load()
	c, nc, err := at.sessions.Join(ctx, within, func(ctx context.Context, within time.Duration) (net.Conn, error) {
		return at.connect(ctx, within, at.options.Protocol.joint()...)
	})
	if nc != nil {
		h.wrap(nc, at, l.task.Loop()).Put()
	}
	return c, err
}

// open is how many connections to the host there are.
func (h *Host) open() int64 {
	n := h.conns.Load()
	if s := h.link.Load().sessions; s != nil {
		n += int64(s.Len())
	}
	return n
}
