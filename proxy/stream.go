package proxy

import (
	"context"
	"sync"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/proxy/http2"
)

// stream is one request of an HTTP/2 client: what conn is for HTTP/1, but for one
// exchange. It has a goroutine of its own, which the library starts.
type stream struct {
	h       *http2.Stream
	conn    *conn
	x       *exchange
	content streamContent

	mu   sync.Mutex
	peer *wire.Conn // upstream to interrupt when the client goes
}

var _ client = (*stream)(nil)

// serveHTTP2 gives the connection, whose first head was HTTP/2's preface or which has
// agreed on it, with nothing read yet, to the library until it ends.
func (c *conn) serveHTTP2(head string) {
	c.giveBack()
	c.task.Leave() // the library blocks, and so may what follows; with the connection the task ends
	server := c.server.http2Server()
	if server == nil {
		return
	}
	c.state.Store(stateActive)
	timeout := c.server.limits().ReadHeaderTimeout
	if c.Unloop() != nil {
		return
	}
	nc, rest := c.Detach()
	if timeout > 0 { // the library takes the deadline back when the preface is complete
		if err := nc.SetReadDeadline(time.Now().Add(timeout)); err != nil {
			return
		}
	}
	server.Serve(nc, append([]byte(head), rest...), c.serveStream)
}

// serveStream serves one request of an HTTP/2 connection, and answers it.
func (c *conn) serveStream(h *http2.Stream) {
	s := &stream{h: h, conn: c}
	if c.streams.Add(1) == 1 {
		c.server.metrics.Busy()
	}
	stop := context.AfterFunc(h.Context(), s.left)
	whole := s.serve()
	stop()
	if c.streams.Add(-1) == 0 {
		c.server.metrics.Idle()
	}
	if !whole {
		h.Abort()
	}
}

// serve reports whether the client has got a whole response.
func (s *stream) serve() (whole bool) {
	x := exchanges.Get().(*exchange)
	s.x, x.client = x, s
	err := s.begin()
	if err == nil {
		x.site.serve(x)
	} else {
		x.ClientIP = x.RemoteIP
		x.site.Metrics.Begin()
		x.site.answerFault(x, asFault(err))
	}
	if whole = s.respond(); !whole {
		x.unread()
	}
	x.site.finish(x)
	x.reset()
	x.client = nil
	exchanges.Put(x)
	return whole
}

// begin parses the request into the exchange.
func (s *stream) begin() error {
	c, x := s.conn, s.x
	x.started = mono.Now()
	x.Start = timeOfDay(x.started)
	x.Server, x.Remote, x.Local = c.server.name, c.remote, c.local
	x.RemoteIP, x.RemotePort, x.localPort = c.ip, c.port, c.localPort
	x.Request.Scheme = c.scheme
	x.site = c.server.site.Load()
	x.SetContext(s.h.Context())
	s.h.SetStall(x.site.Limits.Stall)
	x.reqBody.start(nil, http1.NoBody, 0, nil)
	if err := s.h.Request(&x.Request, &c.limits); err != nil {
		return err
	}
	if x.Request.ContentLength != 0 {
		x.reqBody.start(nil, http1.Chunks, 0, nil)
		s.content.s = s
		x.Request.Body = &s.content
	}
	return nil
}

// left interrupts the upstream's connection: the client has gone, or has given
// this request up.
func (s *stream) left() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer != nil {
		s.peer.Interrupt()
		s.peer = nil
	}
}

// watch implements client. A connection that is watched too late is interrupted
// at once.
func (s *stream) watch(up *wire.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peer = up
	if s.h.Context().Err() != nil {
		up.Interrupt()
		s.peer = nil
	}
}

// unwatch implements client.
func (s *stream) unwatch() (gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone = s.peer == nil
	s.peer = nil
	return gone
}

// watchCall implements client. A call's context ends with the stream's.
func (s *stream) watchCall(*call) {}

// interim implements client.
func (s *stream) interim(res *message.Response) error { return s.h.Interim(res) }
