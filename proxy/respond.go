package proxy

import (
	"errors"
	"io"

	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// copyBelow is the size up to which content is copied behind the head, so that
// both leave in one piece; larger content goes in a second part of one writev.
const copyBelow = 16 << 10

// respond sends the exchange's response. It reports whether the connection can
// take another request. What is small stays queued until the next wait.
func (c *conn) respond() (keep bool) {
	x := c.x
	res := &x.Response
	if res.Status == 0 { // the client has gone, nobody to answer
		return false
	}
	c.SetTimeout(c.server.limits().Stall)
	if res.Status == 101 {
		c.tunnel()
		return false
	}
	if made, ok := res.Body.(*message.Bytes); ok {
		res.ContentLength = int64(len(made.Rest()))
	}
	keep = c.keepAlive()
	out, err := http1.AppendResponse(x.out[:0], res, x.to(!keep))
	if err != nil {
		x.site.answerFault(x, asFault(err))
		keep = false
		out, _ = http1.AppendResponse(x.out[:0], res, x.to(true))
	}
	x.out, x.status = out, res.Status
	if err := c.sendContent(res); err != nil {
		return c.giveUp(err)
	}
	if !keep {
		return c.leave()
	}
	return c.consumed()
}

// to says to whom the response goes. One without a Date, ours or the upstream's,
// is dated here (RFC 9110 section 6.6.1).
func (x *exchange) to(closes bool) *http1.Client {
	x.toClient = http1.Client{Method: x.Request.Method, Minor: x.Request.Minor, Close: closes}
	if !x.Response.Header.HasKnown(message.Date) {
		x.toClient.Date = httpDate()
	}
	return &x.toClient
}

// keepAlive decides whether the connection stays open after this response.
func (c *conn) keepAlive() bool {
	x := c.x
	switch {
	case x.Request.Close, c.server.draining.Load():
		return false
	case x.feed != nil && !x.feed.ended.Load():
		return false
	case x.Response.ContentLength == message.UnknownLength && x.Response.Body != nil && x.Request.Minor == 0:
		return false
	case x.pump != nil: // reqBody is the pump's until it is over
		return x.pump.finished()
	}
	return x.reqBody.whole() || c.restIsBuffered()
}

// restIsBuffered reports whether what is left of the request's content can be
// skipped without waiting for it.
func (c *conn) restIsBuffered() bool {
	b := &c.x.reqBody
	return b.err == nil && b.framing == http1.Length && int64(len(c.Buffered())) >= b.left && !c.x.Request.ExpectContinue
}

// consumed skips what the exchange left unread of the request's content.
func (c *conn) consumed() bool {
	b := &c.x.reqBody
	b.drop()
	if !b.ended() {
		c.Discard(int(b.left))
	}
	return true
}

// leave ends a connection after its last response, kindly: what has come or is
// still to come from the client must not turn our end into a reset.
func (c *conn) leave() bool {
	b := &c.x.reqBody
	b.drop()
	if c.Flush() != nil {
		return false
	}
	_, readable := c.Gone()
	if readable || !b.whole() || len(c.Buffered()) > 0 {
		c.linger()
	}
	return false
}

// giveUp deals with a response whose content failed. While nothing of it has been
// sent the client is told so; later it must see the response broken and never
// take it for whole.
func (c *conn) giveUp(err error) (keep bool) {
	x := c.x
	if x.committed {
		if x.Response.Body != nil {
			x.Response.Body.Close()
		}
		x.unread()
		c.Abort()
		return false
	}
	x.status = 0
	if x.site.answer(x, x.contentError(err)); x.gone {
		return false
	}
	x.Request.Close = true
	return c.respond()
}

// finally queues what x.out holds, the last of a response. The client's
// connection is ours alone from then on.
func (c *conn) finally() {
	c.x.endPump()
	c.Queue(c.x.out)
}

// sendContent sends or queues x.out, which holds the head, and the content.
func (c *conn) sendContent(res *message.Response) error {
	x := c.x
	switch body := res.Body.(type) {
	case nil:
		c.finally()
		return nil
	case *message.Bytes:
		rest := body.Rest()
		x.bytesOut = int64(len(rest))
		if !message.BodyAllowed(x.Request.Method, res.Status) {
			rest, x.bytesOut = nil, 0
		}
		x.out = append(x.out, rest...)
		c.finally()
		return nil
	case *responseBody:
		if !message.BodyAllowed(x.Request.Method, res.Status) {
			break
		}
		if n := int64(len(body.up.Buffered())); body.framing == http1.Length && body.left <= n && n <= copyBelow {
			return c.sendSmall(body)
		}
		return c.sendViews(body, res.ContentLength == message.UnknownLength && x.Request.Minor > 0)
	default:
		if message.BodyAllowed(x.Request.Method, res.Status) {
			return c.sendReader(res)
		}
	}
	err := res.Body.Close() // content that a plugin left where none may be
	c.finally()
	return err
}

// sendSmall queues a response whose content is already here, and gives the
// upstream's connection back before the client gets to see it.
func (c *conn) sendSmall(body *responseBody) error {
	x := c.x
	data, _ := body.Next()
	x.bytesOut = int64(len(data))
	x.out = append(x.out, data...)
	err := body.Close()
	c.finally()
	return err
}

// sendViews streams content as it comes: whatever has arrived goes out at once.
func (c *conn) sendViews(b *responseBody, chunked bool) error {
	x := c.x
	b.conn.Large(true)
	for {
		if len(x.out) > 0 && len(b.conn.Buffered()) == 0 {
			if err := c.write(nil, false); err != nil {
				return err
			}
		}
		data, err := b.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := c.write(data, chunked); err != nil {
			return err
		}
		if err := c.spliceBody(b); err != nil {
			return err
		}
	}
	return c.endBody(b, chunked)
}

// spliceBody moves what is long of a body inside the kernel.
func (c *conn) spliceBody(b *responseBody) error {
	for {
		n, err := b.splice(&c.Conn, 0, c.server.limits().Stall)
		c.x.bytesOut += n
		if n == 0 || err != nil {
			return err
		}
	}
}

// write sends what x.out holds, and data after it.
func (c *conn) write(data []byte, chunked bool) error {
	x := c.x
	x.bytesOut += int64(len(data))
	x.committed = true
	c.SetTimeout(x.bound(c.server.limits().Stall))
	var err error
	switch {
	case len(data) == 0:
		err = c.Write(x.out)
	case chunked:
		x.out = http1.AppendChunkHead(x.out, len(data))
		err = c.WriteParts(x.out, data, crlf)
	case len(x.out) == 0:
		err = c.Write(data)
	default:
		err = c.WriteParts(x.out, data, nil)
	}
	x.out = x.out[:0]
	return err
}

// endBody ends a body that was streamed, and lets go of where it came from.
func (c *conn) endBody(body message.Body, chunked bool) error {
	x := c.x
	if chunked {
		var err error
		if x.out, err = http1.AppendLastChunk(x.out, c.trailers()); err != nil {
			return err
		}
	}
	err := body.Close()
	c.finally()
	return err
}

var crlf = []byte("\r\n")

// trailers is what may follow the last chunk: only to clients that asked
// (RFC 9110 section 6.5.1).
func (c *conn) trailers() *message.Header {
	if !c.x.Request.AcceptsTrailers {
		return nil
	}
	return &c.x.Response.Trailer
}

// sendReader streams a body that a plugin made or wrapped.
func (c *conn) sendReader(res *message.Response) error {
	x := c.x
	chunked := res.ContentLength == message.UnknownLength && x.Request.Minor > 0
	if err := c.write(nil, false); err != nil {
		return err
	}
	buf := wire.TakeLarge()
	defer buf.Give()
	for {
		n, err := res.Body.Read(buf.Bytes())
		if n > 0 {
			if res.ContentLength >= 0 && x.bytesOut+int64(n) > res.ContentLength {
				return errLength
			}
			if werr := c.write(buf.Bytes()[:n], chunked); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if res.ContentLength >= 0 && x.bytesOut != res.ContentLength {
		return errLength
	}
	return c.endBody(res.Body, chunked)
}

// errLength breaks a response off whose plugin has announced another length.
var errLength = errors.New("content is not as long as its head says")
