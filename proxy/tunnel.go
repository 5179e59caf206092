package proxy

import (
	"io"

	"pingap-go/internal/wire"
	"pingap-go/proxy/http1"
	"pingap-go/upstream"
)

// tunnel carries bytes both ways after a switch of protocols. Each direction has
// a goroutine that holds a buffer only while there is something in it. A tunnel
// may be idle for as long as its ends like; when its server shuts down it ends
// after a while (Limits.TunnelGrace).
type tunnel struct {
	conn *conn
	up   *upstream.Conn
	in   int64 // bytes from the client
}

// tunnel sends the 101 response and turns the connection into a tunnel. The
// connection's goroutine stays with one direction.
func (c *conn) tunnel() bool {
	x := c.x
	body, ok := x.Response.Body.(*responseBody)
	if !ok {
		return false
	}
	out, err := http1.AppendResponse(x.out[:0], &x.Response, x.to(false))
	if err != nil || c.Write(out) != nil {
		body.Close()
		return false
	}
	x.status, x.committed = 101, true
	x.out, x.upOut = nil, nil // a tunnel may live for days
	c.state.Store(stateTunnel)
	c.unwatch()
	t := &tunnel{conn: c, up: body.up}
	c.SetTimeout(0)
	t.up.SetTimeout(0)
	done := make(chan struct{})
	go t.upwards(done)
	x.bytesOut = pass(&t.conn.Conn, &t.up.Conn)
	<-done
	x.reqBody.total = t.in
	body.Close()
	return true
}

// upwards carries what the client sends.
func (t *tunnel) upwards(done chan struct{}) {
	defer close(done)
	t.in = pass(&t.up.Conn, &t.conn.Conn)
}

// pass copies from src to dst until src ends, and passes the end on: the other
// direction may go on, as protocols that half-close rely on it. An error in
// either ends both.
func pass(dst, src *wire.Conn) (n int64) {
	for {
		if b := src.Buffered(); len(b) > 0 {
			if err := dst.Write(b); err != nil {
				break
			}
			n += int64(len(b))
			src.Discard(len(b))
			continue
		}
		err := src.Fill()
		if err == nil {
			continue
		}
		if err == io.EOF && dst.CloseWrite() == nil {
			return n
		}
		break
	}
	dst.Interrupt()
	src.Interrupt()
	return n
}
