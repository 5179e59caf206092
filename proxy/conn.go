package proxy

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/proxy/http2"
)

// conn is one client's HTTP/1 connection. One goroutine owns it and both sides
// of every exchange on it; it reads as
//
//	await a head -> parse -> Site.serve (route, chain, forward) -> respond -> again
type conn struct {
	wire.Conn
	server   *Server
	x        *exchange                 // borrowed while busy
	peer     atomic.Pointer[wire.Conn] // upstream to interrupt when the client goes
	state    atomic.Int32
	parks    bool    // the goroutine leaves the connection to park
	switched *tunnel // it leaves the connection to this
	trusted  bool
	requests int

	limits        http1.Limits
	remote, local netip.AddrPort
	ip, port      string
	localPort     string

	call     atomic.Pointer[call] // what peer is, towards HTTP/2
	streams  atomic.Int64         // under way, once it is HTTP/2
	lastPeer *wire.Conn           // the tick's memory of peer
	lastCall *call
	stillFor int // ticks spent idle since draining began
}

// States of a client connection, for metrics and for draining.
const (
	stateIdle int32 = iota
	stateActive
	stateTunnel
)

// lingerBytes and lingerTime bound how much of an unwanted body is read so that
// the client gets to see our answer instead of a reset (RFC 9112 section 9.6).
const (
	lingerBytes = 256 << 10
	lingerTime  = time.Second
)

// serve owns the connection while it is busy, and until it ends.
func (c *conn) serve() {
	for c.await() && c.exchange() {
	}
	switch {
	case c.parks:
		go c.park()
	case c.switched != nil:
		c.switched.run()
	default:
		c.end()
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
		c.giveBack()
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
	if c.requests == 0 && c.server.limits().HTTP2 && http2.IsPreface(head) {
		c.serveHTTP2(head)
		return false
	}
	c.state.Store(stateActive)
	x := c.x
	x.started = mono.Now()
	x.Start = mono.Time(x.started)
	x.Request.Scheme = "http"
	x.site = c.server.site.Load()
	if err := http1.ParseRequest(head, &x.Request, &c.limits); err != nil {
		c.refuse(err)
		return false
	}
	c.startBody()
	c.server.metrics.Busy()
	return true
}

// readHead returns the next request head as one string, the only allocation
// that a request costs on the way in.
func (c *conn) readHead() (string, error) {
	scanned, empty := 0, 0
	c.SetTimeout(c.server.limits().IdleTimeout)
	for {
		buf := c.Buffered()
		if scanned == 0 {
			if n := min(http1.SkipEmptyLines(buf), maxEmptyLines-empty); n > 0 {
				c.Discard(n)
				empty += n
				continue
			}
		}
		if len(buf) > scanned && !(len(buf) == 1 && buf[0] == '\r') {
			n, err := http1.HeadLength(buf, scanned)
			if err != nil {
				c.borrow()
				return "", err
			}
			if n > 0 {
				c.borrow()
				head := string(buf[:n])
				c.Discard(n)
				return head, nil
			}
			if scanned == 0 {
				c.Compact()
				buf = c.Buffered()
				c.SetTimeout(c.server.limits().ReadHeaderTimeout)
			}
			if scanned = len(buf); scanned > c.limits.MaxHeadBytes {
				c.borrow()
				return "", http1.HeadTooLarge(buf[:c.limits.MaxHeadBytes])
			}
		}
		c.Yield = scanned == 0 // only between requests a connection may park
		err := c.Fill()
		c.Yield = false
		if err != nil {
			return "", c.headError(err, scanned > 0)
		}
	}
}

// maxEmptyLines bounds the bytes of empty lines before a request, as the codec
// does for those that come in one piece.
const maxEmptyLines = 2 * len("\r\n")

// headError says what an error means that ended the wait for a head.
func (c *conn) headError(err error, begun bool) error {
	switch {
	case err == wire.ErrIdle:
		return err
	case !begun:
		return io.EOF // idle: nobody asked anything
	case errors.Is(err, wire.ErrTimeout):
		c.borrow()
		return faultSlowHead
	case errors.Is(err, wire.ErrBufferFull):
		c.borrow()
		return http1.HeadTooLarge(c.Buffered())
	}
	return io.EOF
}

// borrow gets the connection an exchange, unless it still has the last one's.
func (c *conn) borrow() {
	if c.x != nil {
		return
	}
	x := exchanges.Get().(*exchange)
	x.client = c
	x.Server, x.Remote, x.Local = c.server.name, c.remote, c.local
	x.RemoteIP, x.RemotePort, x.Trusted, x.localPort = c.ip, c.port, c.trusted, c.localPort
	c.x = x
}

// giveBack returns the exchange; the connection goes idle without one.
func (c *conn) giveBack() {
	if x := c.x; x != nil {
		x.reset()
		x.client = nil
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
	if !keep {
		return false
	}
	x.reset()
	return true
}

// settle counts and logs the exchange that has ended.
func (c *conn) settle() {
	c.x.site.finish(c.x)
	c.server.metrics.Idle()
}

// refuse answers a request that never became one, and ends the connection.
func (c *conn) refuse(err error) {
	if err == io.EOF {
		return
	}
	x := c.x
	if x.site == nil {
		x.started = mono.Now()
		x.Start = mono.Time(x.started)
		x.site = c.server.site.Load()
	}
	x.ClientIP = x.RemoteIP
	x.Request.Close = true
	x.Request.Method, x.Request.Minor = "GET", 1 // what was asked is not to be trusted
	x.reqBody.start(&c.Conn, http1.NoBody, 0, nil)
	x.site.Metrics.Begin()
	x.site.answerFault(x, asFault(err))
	c.respond()
	x.Request.Method = "" // nor to be logged
	x.site.finish(x)
	if c.Flush() == nil {
		c.linger()
	}
}

// linger lets the client read our answer before the connection goes: it ends our
// side and reads on for a while.
func (c *conn) linger() {
	if c.CloseWrite() != nil {
		return
	}
	c.SetTimeout(lingerTime)
	for n := 0; n < lingerBytes; {
		b := len(c.Buffered())
		n += b
		c.Discard(b)
		if c.Fill() != nil {
			return
		}
	}
}

// end closes the connection and lets go of all it holds.
func (c *conn) end() {
	_ = c.Flush() // the client may be gone, which is why we are here
	c.Close()
	c.giveBack()
	c.server.remove(c)
	c.server.serving.Done()
}

// tick is the watchdog's look at this connection: has the client left a request
// that is still being served, and has one that is idle, or a tunnel, had its time
// while the server drains.
func (c *conn) tick(now int64) {
	p := c.peer.Load()
	if p != nil && p == c.lastPeer && c.gone() && c.peer.CompareAndSwap(p, nil) {
		p.Interrupt()
	}
	c.lastPeer = p
	k := c.call.Load()
	if k != nil && k == c.lastCall && c.gone() {
		k.leave()
	}
	c.lastCall = k
	if !c.server.draining.Load() {
		return
	}
	switch c.state.Load() {
	case stateIdle:
		if c.stillFor++; c.stillFor >= drainTicks && !c.asked() {
			c.Interrupt()
		}
	case stateTunnel:
		if end := c.server.tunnelsEnd.Load(); end > 0 && now >= end {
			c.Interrupt()
		}
	default:
		c.stillFor = 0
	}
}

// drainTicks is how long an idle connection is left open after draining began:
// a request that was already on its way is still served.
const drainTicks = int(500 * time.Millisecond / wire.Tick)

// asked reports whether a request has arrived that nobody has read yet.
func (c *conn) asked() bool {
	_, readable := c.Gone()
	return readable
}

// watch has the upstream connection interrupted when the client goes away.
func (c *conn) watch(up *wire.Conn) { c.peer.Store(up) }

// unwatch ends that. Whoever empties peer has had the last word: if it was the
// tick, the upstream connection is interrupted.
func (c *conn) unwatch() (gone bool) { return c.peer.Swap(nil) == nil }

// watchCall has a call ended when the client goes away.
func (c *conn) watchCall(k *call) { c.call.Store(k) }

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

// gone reports whether the client has ended its side.
func (c *conn) gone() bool {
	closed, _ := c.Gone()
	return closed
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{server: s}
	c.OnTick = c.tick
	c.remote, c.ip, c.port = addrOf(nc.RemoteAddr())
	c.local, _, c.localPort = addrOf(nc.LocalAddr())
	c.limits.MaxHeadBytes = s.limits().MaxHeaderBytes
	c.Most = c.limits.MaxHeadBytes
	c.trusted = s.site.Load().trusts(c.remote.Addr())
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
