package proxy

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync/atomic"

	"pingap-go/internal/loop"
	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/proxy/http2"
)

// conn is one client's HTTP/1 connection. One goroutine owns it and both sides
// of every exchange on it; it reads as
//
//	greet -> await a head -> parse -> Site.serve (route, chain, forward) -> respond -> again
type conn struct {
	wire.Conn
	task     *loop.Task // what it runs as; nil = a goroutine of its own
	server   *Server
	x        *exchange                 // borrowed for each request
	peer     atomic.Pointer[wire.Conn] // upstream to interrupt when the client goes
	state    atomic.Int32
	secure   *tls.Conn // nil when plain
	scheme   string
	parks    bool    // the goroutine leaves the connection to park, or to rest
	rests    bool    // the connection waits for its next request without a task
	switched *tunnel // it leaves the connection to this
	requests int

	limits        http1.Limits
	remote, local netip.AddrPort
	ip, port      string
	localPort     string

	call     atomic.Pointer[call] // what peer is, towards HTTP/2
	streams  atomic.Int64         // under way, once it is HTTP/2
	lastPeer *wire.Conn           // the tick's memory of peer
	lastWait uint64               // and of which wait for it
	lastCall *call
	stillFor int // ticks spent idle since draining began
}

// States of a client connection, for metrics and for draining.
const (
	stateIdle int32 = iota
	stateActive
	stateTunnel
	stateHandshake
)

// serve owns the connection while it is busy, and until it ends.
func (c *conn) serve() {
	for c.await() && c.exchange() {
	}
	switch {
	case c.parks && c.task != nil:
		c.rest()
	case c.parks:
		go c.park()
	case c.switched != nil:
		c.switched.run()
	default:
		c.end()
	}
}

// Run serves the connection on a loop, as long as there is something to do.
func (c *conn) Run(t *loop.Task) {
	c.task = t
	c.For(t)
	c.Stirred()
	if c.rests && !c.woken() {
		return
	}
	c.serve()
}

// woken reports whether a connection that rests is to be served. If not it rests on,
// or has ended.
func (c *conn) woken() bool {
	c.rests, c.Yield = false, true
	err := c.Fill()
	c.Yield = false
	switch err {
	case nil:
		return true
	case wire.ErrIdle:
		c.rest()
	default:
		c.end()
	}
	return false
}

// rest has the connection served again once there is something to read. Until then it
// holds no task: those that are busy share what the processor's caches have.
func (c *conn) rest() {
	c.parks, c.rests, c.task = false, true, nil
	if !c.Await(c) {
		c.Loop().Start(c)
	}
}

// park waits for the next request of a connection that has gone idle. It is a
// goroutine of its own for its small stack: serving has made the old one large.
func (c *conn) park() {
	c.parks = false
	if err := c.Fill(); err != nil {
		c.end()
		return
	}
	go c.serve()
}

// await waits for a complete request head and parses it into an exchange. It
// reports false when the connection is over; what had to be said has been said.
func (c *conn) await() bool {
	c.state.Store(stateIdle)
	head, err := c.readHead()
	if err == wire.ErrIdle {
		c.parks = true
		return false
	}
	if c.Flush() != nil { // the last answer, when this request came with the one before
		return false
	}
	if err != nil {
		c.refuse(err)
		return false
	}
	if c.server.relays() { // nobody takes requests here any more
		return false
	}
	if c.requests == 0 && c.secure == nil && c.server.limits().HTTP2 && http2.IsPreface(head) {
		c.serveHTTP2(head)
		return false
	}
	c.state.Store(stateActive)
	x := c.x
	x.started = mono.Now()
	x.Start = timeOfDay(x.started)
	x.Request.Scheme = c.scheme
	x.site = c.server.site.Load()
	if err := http1.ParseRequest(head, &x.Request, &c.limits); err != nil {
		c.refuse(err)
		return false
	}
	c.startBody()
	c.server.metrics.Busy()
	return true
}

// borrow gets the connection an exchange, unless it has one. Most often it is the
// one that was used last: hundreds of connections share what fits into the
// processor's caches.
func (c *conn) borrow() {
	if c.x != nil {
		return
	}
	x := exchanges.Get().(*exchange)
	x.client, x.Task = c, c.task
	x.Server, x.Remote, x.Local = c.server.name, c.remote, c.local
	x.RemoteIP, x.RemotePort, x.localPort = c.ip, c.port, c.localPort
	c.x = x
}

// giveBack returns the exchange; the connection waits without one.
func (c *conn) giveBack() {
	if x := c.x; x != nil {
		x.reset()
		x.client, x.Task = nil, nil
		c.x = nil
		exchanges.Put(x)
	}
}

// startBody attaches the request's content, if it has any.
func (c *conn) startBody() {
	x := c.x
	switch r := &x.Request; {
	case r.ContentLength > 0:
		x.reqBody.start(&c.Conn, http1.Length, r.ContentLength, &r.Trailer)
		r.Body = &x.clientBody
	case r.ContentLength == message.UnknownLength:
		x.reqBody.start(&c.Conn, http1.Chunks, 0, &r.Trailer)
		r.Body = &x.clientBody
	default:
		x.reqBody.start(&c.Conn, http1.NoBody, 0, &r.Trailer)
	}
	x.reqBody.stall = c.server.limits().Stall
}

// clientBody is the request's content as plugins see it.
type clientBody struct{ *content }

// Close leaves the rest where it is; the connection deals with it.
func (b *clientBody) Close() error { return nil }

// exchange serves the parsed request and answers it. It reports whether the
// connection can take another request.
func (c *conn) exchange() bool {
	x := c.x
	c.requests++
	x.site.serve(x)
	keep := c.respond()
	if c.switched != nil {
		return false
	}
	c.settle()
	if x.beside {
		x.Task.Return()
	}
	if !keep {
		return false
	}
	c.giveBack()
	return true
}

// settle counts and logs the exchange that has ended.
func (c *conn) settle() {
	c.x.site.finish(c.x)
	c.server.metrics.Idle()
}

// end closes the connection and lets go of all it holds.
func (c *conn) end() {
	_ = c.Flush() // the client may be gone, which is why we are here
	c.Close()
	c.giveBack()
	c.server.remove(c)
}

// interim sends a 1xx response (RFC 9110 section 15.2); HTTP/1.0 has none.
func (c *conn) interim(res *message.Response) error {
	if c.x.Request.Minor == 0 {
		return nil
	}
	c.SetTimeout(c.server.limits().Stall)
	out, err := http1.AppendInterim(nil, res)
	if err != nil {
		return err
	}
	return c.Write(out)
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{server: s, scheme: "http"}
	if c.secure, _ = nc.(*tls.Conn); c.secure != nil {
		c.scheme = "https"
	}
	c.OnTick = c.tick
	c.remote, c.ip, c.port = addrOf(nc.RemoteAddr())
	c.local, _, c.localPort = addrOf(nc.LocalAddr())
	c.limits.MaxHeadBytes = s.limits().MaxHeaderBytes
	c.Most = c.limits.MaxHeadBytes
	c.Init(nc, s.dog)
	return c
}

// addrOf gives an address as a value and as text; a unix socket has neither.
func addrOf(a net.Addr) (ap netip.AddrPort, ip, port string) {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, "", ""
	}
	ap = t.AddrPort()
	ap = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	ip = ap.Addr().WithZone("").String()
	_, port, _ = net.SplitHostPort(ap.String())
	return ap, ip, port
}
