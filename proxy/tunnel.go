package proxy

import (
	"io"
	"sync/atomic"

	"pingap-go/internal/wire"
	"pingap-go/proxy/http1"
)

// tunnel carries bytes both ways after a switch of protocols. Each direction has
// a goroutine that holds a buffer, or a pipe, only while there is something in it. A tunnel
// may be idle for as long as its ends like; when its server shuts down it ends
// after a while (Limits.TunnelGrace).
type tunnel struct {
	conn    *conn
	body    *responseBody
	in, out int64        // bytes from the client, and to it
	open    atomic.Int32 // directions that have not ended
}

// tunnel sends the 101 response and readies the connection to be a tunnel, which
// serve begins.
func (c *conn) tunnel() {
	x := c.x
	body, ok := x.Response.Body.(*responseBody)
	if !ok {
		return
	}
	c.SetTimeout(c.server.limits().Stall)
	out, err := http1.AppendResponse(c.Draft(), &x.Response, x.to(false, x.readyToSend()))
	if err != nil || c.Write(out) != nil {
		body.Close()
		return
	}
	x.status, x.committed = 101, true
	c.state.Store(stateTunnel)
	c.unwatch()
	c.SetTimeout(0)
	body.up.SetTimeout(0)
	c.switched = &tunnel{conn: c, body: body}
}

// run begins both directions, on goroutines of their own for their small stacks:
// serving the request has made the one that calls this large. They wait beside each
// other for the same two connections, which is not for loops.
func (t *tunnel) run() {
	t.conn.task, t.conn.x.Task = nil, nil
	t.open.Store(2)
	if t.conn.Unloop() != nil || t.body.up.Unloop() != nil { // no descriptors to spare
		t.ended()
		t.ended()
		return
	}
	go t.upwards()
	go t.downwards()
}

// upwards carries what the client sends.
func (t *tunnel) upwards() {
	t.in = pass(&t.body.up.Conn, &t.conn.Conn)
	t.ended()
}

// downwards carries what the upstream sends.
func (t *tunnel) downwards() {
	t.out = pass(&t.conn.Conn, &t.body.up.Conn)
	t.ended()
}

// ended settles the exchange and ends the connection after the last direction.
func (t *tunnel) ended() {
	if t.open.Add(-1) > 0 {
		return
	}
	x := t.conn.x
	x.reqBody.total, x.bytesOut = t.in, t.out
	t.body.Close()
	t.conn.settle()
	t.conn.end()
}

// pass moves bytes until their source ends, and passes the end on: the other
// direction may go on, as protocols that half-close rely on it. An error in
// either ends both.
func pass(dst, src *wire.Conn) int64 {
	f := wire.Flow{From: src, To: dst}
	if read, _ := f.Run(); read != io.EOF || dst.CloseWrite() != nil {
		dst.Interrupt()
		src.Interrupt()
	}
	return f.Moved.Load()
}
