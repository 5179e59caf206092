package proxy

import (
	"io"
	"sync/atomic"

	"pingap-go/internal/wire"
	"pingap-go/proxy/http1"
	"pingap-go/upstream"
)

// tunnel carries bytes both ways after a switch of protocols. Each direction has
// a goroutine that holds a buffer only while there is something in it.
type tunnel struct {
	conn    *conn
	up      *upstream.Conn
	body    responseBody
	in, out int64
	open    atomic.Int32 // directions still open
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
	c.watch(nil)
	t := &tunnel{conn: c, up: body.up}
	c.SetTimeout(0)
	t.up.SetTimeout(0)
	t.open.Store(2)
	done := make(chan struct{})
	go t.upwards(done)
	x.bytesOut = pass(&t.conn.Conn, &t.up.Conn)
	t.half()
	<-done
	x.reqBody.total = t.in
	body.Close()
	return true
}

// upwards carries what the client sends.
func (t *tunnel) upwards(done chan struct{}) {
	defer close(done)
	t.in = pass(&t.up.Conn, &t.conn.Conn)
	t.half()
}

// half notes that one direction has ended. The other may go on: protocols that
// half-close rely on it.
func (t *tunnel) half() { t.open.Add(-1) }

// pass copies from src to dst until src ends, and passes the end on. An error in
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
