package proxy

import (
	"errors"
	"io"

	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// sendContent sends or queues x.out, which holds the head, and the content.
// The response was ready at the mono time now.
func (c *conn) sendContent(res *message.Response, now int64) error {
	x := c.x
	switch body := res.Body.(type) {
	case nil:
		c.whole(now)
		return nil
	case *message.Bytes:
		rest := body.Rest()
		x.bytesOut = int64(len(rest))
		if !message.BodyAllowed(x.Request.Method, res.Status) {
			rest, x.bytesOut = nil, 0
		}
		x.out = append(x.out, rest...)
		c.whole(now)
		return nil
	case *responseBody:
		if !message.BodyAllowed(x.Request.Method, res.Status) {
			break
		}
		if n := int64(len(body.up.Buffered())); body.framing == http1.Length && body.left <= n && n <= copyBelow {
			return c.sendSmall(body, now)
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
func (c *conn) sendSmall(body *responseBody, now int64) error {
	x := c.x
	data, _ := body.Next()
	x.bytesOut = int64(len(data))
	x.out = append(x.out, data...)
	err := body.Close()
	c.whole(now)
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
	x.out = c.Draft() // what was in the last one may have been sent
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

// copyBelow is the size up to which content is copied behind the head, so that
// both leave in one piece; larger content goes in a second part of one writev.
const copyBelow = 16 << 10
