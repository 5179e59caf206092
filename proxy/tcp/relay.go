// Package tcp is what a server with protocol = "tcp" does with its connections: it
// leases a host of one pool for each, connects, and carries bytes both ways until
// both ends have said all.
//
//	relay := &tcp.Relay{Pool: pool, ConnectTimeout: 3 * time.Second, ...}
//	t := relay.NewTunnel(nc, clientIP, owner)
//	go t.Serve()
//
// It knows nothing of what the bytes mean. So nothing can be tried again once there
// is a connection, and an end that is not a clean one must not look like one: who
// has not been told the other's end gets a reset. Until there is a connection
// nothing was sent, and another host is tried as for requests.
//
// Listeners, limits and draining are the proxy.Server's part; picking hosts and
// judging them the pool's.
package tcp

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream"
)

// Relay is where the connections of one server go, in one generation. The engine
// fills it; its exported fields are not changed once connections use it.
type Relay struct {
	Name string // the server's
	Pool *upstream.Pool
	// ConnectTimeout bounds a connect to a host, TLS included; HandshakeTimeout the
	// client's handshake, where the server speaks TLS; 0 = no bound.
	ConnectTimeout, HandshakeTimeout time.Duration
	// IdleTimeout ends a tunnel in which nothing moves in either direction; 0 = never.
	IdleTimeout time.Duration
	Server      *metrics.Server
	// Metrics counts tunnels by how they ended; see the codes.
	Metrics *metrics.Route
	Log     *slog.Logger

	complained mono.Seldom
}

// Codes say in metrics how a tunnel ended, in HTTP's words. To a pool every
// connection that was made is codeDone, whatever became of it.
const (
	codeDone        = 200 // bytes were carried until an end
	codeUnconnected = 502 // no host could be reached, or it broke off before it said anything
	codeNobody      = 503 // there is no host
)

// Owner is the server that a tunnel belongs to.
type Owner struct {
	Watchdog *wire.Watchdog
	// EndAt is the watchdog's time at which tunnels are to end; 0 = not yet.
	EndAt *atomic.Int64
	// Ungreeted is told of a client that did not get through TLS's handshake.
	Ungreeted func(secure *tls.Conn, err error)
	// Ended is called once, when a tunnel has let go of all it held.
	Ended func(*Tunnel)
}

// complainEvery is the least time between two log lines about clients that were
// turned away.
const complainEvery = 10 * time.Second

// complain says now and then that clients are turned away, and why.
func (r *Relay) complain(err error) {
	if r.complained.Due(mono.Now(), complainEvery) {
		r.Log.Warn("connections are turned away", "server", r.Name, "upstream", r.Pool.Name(), "err", err)
	}
}

// codeOf is the code of a tunnel that never came about.
func codeOf(err error) int {
	if fault, ok := errors.AsType[*message.Fault](err); ok {
		return fault.Status
	}
	return codeUnconnected
}
