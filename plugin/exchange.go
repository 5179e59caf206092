package plugin

import (
	"context"
	"net/netip"
	"time"

	"pingap-go/internal/loop"
	"pingap-go/message"
)

// Exchange is one request with its response, and what is known of both. The
// connection that serves it owns it and reuses it: plugins may keep its strings
// but neither the Exchange nor its headers.
type Exchange struct {
	Request  message.Request
	Response message.Response

	// Remote and Local are the ends of the client's connection (zero for a unix
	// socket). RemoteIP and RemotePort are Remote as text, made once a connection.
	Remote, Local        netip.AddrPort
	RemoteIP, RemotePort string
	// Trusted says that the peer is in trusted_proxies, so that its own
	// forwarded headers are believed. ClientIP is the client's address by that
	// rule: the peer's, or the nearest untrusted one in X-Forwarded-For.
	Trusted  bool
	ClientIP string
	// Forwarded says that the request's X-Forwarded-For names the peer already.
	Forwarded bool

	// Server, Location and Upstream are the names from the configuration.
	Server, Location, Upstream string
	// Captures are the named groups of the host and path expressions that matched.
	Captures []Capture
	// UpstreamAddr is the endpoint of the last try; empty before the first.
	UpstreamAddr string
	// UpstreamStatus is the status of the last try, 0 when it gave none.
	UpstreamStatus int
	// UpstreamTime is how long the last try took to its response head.
	UpstreamTime time.Duration
	// Tries counts the tries.
	Tries int
	// RequestID is set by the request_id plugin, or made when $request_id is used.
	RequestID string
	// Start is when the first byte of the request was read.
	Start time.Time
	// Stream is the protocol's own side of the exchange. Only package proxy looks
	// into it; plugins leave it alone.
	Stream any
	// Task is what the exchange runs as, when it runs on a loop: what has to block
	// stands between its Leave and Return. A nil Task may call both.
	Task *loop.Task
	// done collects what must run when the exchange is over, in order of adding.
	done []func(*Exchange)
	ctx  context.Context
}

// Capture is one named group of a host or path expression.
type Capture struct{ Name, Value string }

// Context ends when the client has gone or the exchange's time is over. It is
// context.Background on the fast path, until somebody sets another.
func (ex *Exchange) Context() context.Context {
	if ex.ctx == nil {
		return context.Background()
	}
	return ex.ctx
}

// SetContext replaces the exchange's context, for tracing and for protocols
// that come with one.
func (ex *Exchange) SetContext(ctx context.Context) { ex.ctx = ctx }

// OnDone runs f after the response was sent or has failed, on the exchange's
// goroutine. Plugins that count or release use it.
func (ex *Exchange) OnDone(f func(*Exchange)) { ex.done = append(ex.done, f) }

// Finish runs what OnDone collected. The proxy calls it once.
func (ex *Exchange) Finish() {
	for _, f := range ex.done {
		f(ex)
	}
	ex.done = ex.done[:0]
}

// Reply makes the response from a status, a content type ("" for none) and a
// body in memory, and drops the one that was there.
func (ex *Exchange) Reply(status int, contentType string, body []byte) {
	if ex.Response.Body != nil {
		ex.Response.Body.Close()
	}
	ex.Response.Reset()
	ex.Response.Status = status
	if contentType != "" {
		ex.Response.Header.Add("Content-Type", contentType)
	}
	if message.BodyAllowed("", status) {
		ex.Response.SetBytes(body)
	}
}

// Reset makes the exchange ready for the next request of the same connection:
// what belongs to the connection stays.
func (ex *Exchange) Reset() {
	ex.Request.Reset()
	ex.Response.Reset()
	ex.ClientIP, ex.Forwarded, ex.Location, ex.Upstream = "", false, "", ""
	ex.Captures = ex.Captures[:0]
	ex.UpstreamAddr, ex.UpstreamStatus, ex.UpstreamTime, ex.Tries = "", 0, 0, 0
	ex.RequestID, ex.ctx = "", nil
	clear(ex.done)
	ex.done = ex.done[:0]
}
