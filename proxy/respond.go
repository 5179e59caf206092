package proxy

import (
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
	if res.Status == 101 {
		return c.tunnel()
	}
	keep = c.keepAlive()
	out, err := http1.AppendResponse(x.out[:0], res, x.to(!keep))
	if err != nil {
		x.site.answerFault(x, asFault(err))
		keep = false
		out, _ = http1.AppendResponse(x.out[:0], res, x.to(true))
	}
	x.out = out
	x.status, x.committed = res.Status, true
	if err := c.sendContent(res); err != nil {
		x.broken = true
		c.breakOff()
		return false
	}
	if !keep {
		return c.leave()
	}
	return c.consumed()
}

// to says to whom the response goes. Answers without a Date are ours to date.
func (x *exchange) to(closes bool) *http1.Client {
	x.toClient = http1.Client{Method: x.Request.Method, Minor: x.Request.Minor, Close: closes}
	if x.Tries == 0 {
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
	case !x.reqBody.ended() && !c.restIsBuffered():
		return false
	}
	return true
}

// restIsBuffered reports whether what is left of the request's content can be
// skipped without waiting for it.
func (c *conn) restIsBuffered() bool {
	b := &c.x.reqBody
	return c.x.pump == nil && b.framing == http1.Length && int64(len(c.Buffered())) >= b.left && !c.x.Request.ExpectContinue
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

// leave ends a connection after its last response, kindly.
func (c *conn) leave() bool {
	b := &c.x.reqBody
	b.drop()
	if c.Flush() == nil && !b.ended() {
		c.linger()
	}
	return false
}

// breakOff ends a response that cannot be completed, so that the client sees it
// broken and never takes it for whole.
func (c *conn) breakOff() {
	if c.x.Response.Body != nil {
		c.x.Response.Body.Close()
	}
	c.Abort()
}

// sendContent sends or queues x.out, which holds the head, and the content.
func (c *conn) sendContent(res *message.Response) error {
	x := c.x
	switch body := res.Body.(type) {
	case nil:
		c.Queue(x.out)
		return nil
	case *message.Bytes:
		rest := body.Rest()
		x.bytesOut = int64(len(rest))
		if !message.BodyAllowed(x.Request.Method, res.Status) {
			rest, x.bytesOut = nil, 0
		}
		x.out = append(x.out, rest...)
		c.Queue(x.out)
		return nil
	case *responseBody:
		if !message.BodyAllowed(x.Request.Method, res.Status) {
			break
		}
		if n := int64(len(body.up.Buffered())); body.framing == http1.Length && body.left <= n && n <= copyBelow {
			return c.sendSmall(body)
		}
		return c.sendViews(&body.content, body, res.ContentLength == message.UnknownLength)
	default:
		if message.BodyAllowed(x.Request.Method, res.Status) {
			return c.sendReader(res)
		}
	}
	c.Queue(x.out) // content that a plugin left where none may be
	return res.Body.Close()
}

// sendSmall queues a response whose content is already here, and gives the
// upstream's connection back before the client gets to see it.
func (c *conn) sendSmall(body *responseBody) error {
	x := c.x
	data, _ := body.Next()
	x.bytesOut = int64(len(data))
	x.out = append(x.out, data...)
	c.Queue(x.out)
	return body.Close()
}

// sendViews streams content as it comes: whatever has arrived goes out at once.
func (c *conn) sendViews(b *content, closer io.Closer, unknown bool) error {
	x := c.x
	chunked := unknown && x.Request.Minor > 0
	b.conn.Large(true)
	defer b.conn.Large(false)
	for {
		if len(x.out) > 0 && len(b.conn.Buffered()) == 0 {
			if err := c.flushHead(); err != nil {
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
		x.bytesOut += int64(len(data))
		c.SetTimeout(c.server.limits().Stall)
		if err := c.sendPart(data, chunked, b.whole() && !chunked); err != nil {
			return err
		}
	}
	if chunked {
		var err error
		if x.out, err = http1.AppendLastChunk(x.out, c.trailers()); err != nil {
			return err
		}
	}
	c.Queue(x.out)
	return closer.Close()
}

// flushHead sends what x.out holds before waiting for content.
func (c *conn) flushHead() error {
	err := c.Write(c.x.out)
	c.x.out = c.x.out[:0]
	return err
}

// sendPart sends data with whatever x.out holds before it.
func (c *conn) sendPart(data []byte, chunked, last bool) error {
	x := c.x
	if chunked {
		x.out = http1.AppendChunkHead(x.out, len(data))
	}
	var err error
	switch {
	case chunked:
		err = c.WriteParts(x.out, data, crlf)
	case len(x.out) == 0:
		err = c.Write(data)
	default:
		err = c.WriteParts(x.out, data, nil)
	}
	x.out = x.out[:0]
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
	if err := c.flushHead(); err != nil {
		return err
	}
	buf := wire.TakeLarge()
	defer buf.Give()
	for {
		n, err := res.Body.Read(buf.Bytes())
		if n > 0 {
			x.bytesOut += int64(n)
			c.SetTimeout(c.server.limits().Stall)
			if werr := c.sendPart(buf.Bytes()[:n], chunked, false); werr != nil {
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
	if res.ContentLength > 0 && x.bytesOut != res.ContentLength {
		return io.ErrUnexpectedEOF
	}
	if chunked {
		var err error
		if x.out, err = http1.AppendLastChunk(x.out, c.trailers()); err != nil {
			return err
		}
	}
	c.Queue(x.out)
	return res.Body.Close()
}
