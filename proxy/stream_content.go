package proxy

import (
	"io"
	"sync/atomic"

	"pingap-go/internal/wire"
	"pingap-go/message"
)

// streamContent is the content of an HTTP/2 request. As long as it is short it
// remembers what was read, so that it can be sent to another host: there is no
// buffer in which it could lie whole before anything is sent.
type streamContent struct {
	s      *stream
	most   int64 // how much is remembered; 0 = nothing
	record []byte
	next   int         // what of record Read gives next
	lost   bool        // more was read than is remembered
	broken atomic.Bool // reading was ended from outside
}

var _ message.Body = (*streamContent)(nil)

// Read gives the content; errors are those of HTTP/1 content.
func (c *streamContent) Read(p []byte) (int, error) {
	if c.next < len(c.record) {
		n := copy(p, c.record[c.next:])
		c.next += n
		return n, nil
	}
	x := c.s.x
	x.reqBody.asking.Store(true)
	if passed(x.reqBody.until) {
		return 0, wire.ErrTimeout
	}
	n, err := c.s.h.Read(p)
	switch err {
	case nil:
		x.reqBody.came()
	case io.EOF:
		x.reqBody.asking.Store(false)
		x.reqBody.complete()
	}
	x.reqBody.total += int64(n)
	if limit := x.reqBody.limit; limit > 0 && x.reqBody.total > limit {
		return 0, faultBodyTooLarge
	}
	c.remember(p[:n])
	if err == io.EOF {
		x.Request.Trailer.Reset()
		c.s.h.RequestTrailer(&x.Request.Trailer)
	}
	return n, err
}

func (c *streamContent) remember(p []byte) {
	if c.lost || len(p) == 0 {
		return
	}
	if int64(len(c.record)+len(p)) > c.most {
		c.lost, c.record, c.next = true, nil, 0
		return
	}
	c.record = append(c.record, p...)
	c.next = len(c.record)
}

// Close leaves the rest where it is; the stream deals with it.
func (c *streamContent) Close() error { return nil }

// stop ends a Read that is under way, for good.
func (c *streamContent) stop() {
	c.broken.Store(true)
	_ = c.s.h.Close() // there is no more than that to give up
}

// whole reports whether the content can be given from its beginning once more.
func (c *streamContent) whole() bool { return !c.lost && !c.broken.Load() }

// streamed is the request's content if it is an HTTP/2 client's own.
func (x *exchange) streamed() *streamContent {
	c, _ := x.Request.Body.(*streamContent)
	return c
}

// stopContent ends a wait for the client's content. No more can be read before
// resumeContent, and of HTTP/2 content never.
func (x *exchange) stopContent() {
	if c := x.reqBody.conn; c != nil {
		c.Interrupt()
	} else if s, ok := x.client.(*stream); ok && x.reqBody.err == nil {
		s.content.stop()
	}
}

// resumeContent takes stopContent back.
func (x *exchange) resumeContent() {
	if c := x.reqBody.conn; c != nil {
		c.Resume()
	}
}
