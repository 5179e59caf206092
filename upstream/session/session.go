// Package session keeps the connections of one host that carry many requests at
// once, which is to say HTTP/2.
//
//	group := session.NewGroup(session.NewTransport(), rules)
//	conn, nc, err := group.Join(ctx, 3*time.Second, dial)
//	// conn: a slot on a kept connection or on a new one
//	// nc:   the host chose HTTP/1.1, and this is the connection
//	response, err := conn.RoundTrip(request)
//	...
//	conn.Done()
//
// The frames are the standard library's (http.ClientConn). What is left to do is
// what a pool of such connections needs: a request goes to the first connection
// with a free stream; when none has one, one goroutine dials and the others wait
// for it; a connection that is to go (GOAWAY, idle for too long, a time-out that
// may have been its fault, the host is gone) takes no more requests and closes
// with its last. There is no goroutine of ours; each connection has the one that
// the library reads its frames on, until it is closed.
//
// Which host, how it is dialled and what a response means are for others.
package session

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	// pingAfter is how long a connection may be silent before it is asked for a
	// sign of life. gRPC servers take more than one ping in five minutes without
	// data for abuse and close the connection (gRFC A8, "too_many_pings"); a host
	// that vanishes is found out earlier, by the first request that times out.
	pingAfter = 6 * time.Minute
	// pingTimeout is how long it may take to answer.
	pingTimeout = 15 * time.Second
	// maxHeaderBytes bounds a response's header list, and maxFrameBytes a frame.
	maxHeaderBytes = 64 << 10
	maxFrameBytes  = 64 << 10
	// streamBuffer is how much of one response may wait for a slow client,
	// connectionBuffer how much of all.
	streamBuffer     = 1 << 20
	connectionBuffer = 4<<20 - 1 // the library's largest
	// writeTimeout ends a connection that takes no bytes.
	writeTimeout = 30 * time.Second
	// continueWait is how long the host may take to answer an expectation before
	// the content is sent anyway (RFC 9110 section 10.1.1).
	continueWait = time.Second
)

// dialled is the context key under which a transport finds the connection that
// it is to use: connections are dialled and encrypted elsewhere.
type dialled struct{}

// NewTransport makes what turns connections into HTTP/2 connections. All hosts
// of a pool may share one; it keeps no connections and no goroutines itself.
func NewTransport() *http.Transport {
	given := func(ctx context.Context, _, _ string) (net.Conn, error) {
		nc, ok := ctx.Value(dialled{}).(net.Conn)
		if !ok {
			return nil, errors.New("no connection was given")
		}
		return nc, nil
	}
	t := &http.Transport{
		DialContext: given, DialTLSContext: given,
		Protocols:          new(http.Protocols),
		DisableCompression: true, MaxResponseHeaderBytes: maxHeaderBytes, ExpectContinueTimeout: continueWait,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: writeTimeout,
			MaxReadFrameSize: maxFrameBytes, MaxReceiveBufferPerStream: streamBuffer,
			MaxReceiveBufferPerConnection: connectionBuffer,
		},
	}
	t.Protocols.SetHTTP2(true)
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}
