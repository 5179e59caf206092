package proxy

import (
	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// respond sends the exchange's response. It reports whether the connection can
// take another request. What is small stays queued until the next wait.
func (c *conn) respond() (keep bool) {
	x := c.x
	res := &x.Response
	if res.Status == 0 { // the client has gone, nobody to answer
		return false
	}
	if res.Status == 101 {
		c.tunnel()
		return false
	}
	if made, ok := res.Body.(*message.Bytes); ok {
		res.ContentLength = int64(len(made.Rest()))
	}
	keep = c.keepAlive()
	now := x.readyToSend()
	out, err := http1.AppendResponse(c.Draft(), res, x.to(!keep, now))
	if err != nil {
		x.site.answerFault(x, asFault(err))
		keep = false
		out, _ = http1.AppendResponse(c.Draft(), res, x.to(true, now))
	}
	x.out, x.status = out, res.Status
	if err := c.sendContent(res, now); err != nil {
		return c.giveUp(err)
	}
	if !keep {
		return c.leave()
	}
	return c.consumed()
}

// to says to whom the response goes. One without a Date, ours or the upstream's,
// is dated here (RFC 9110 section 6.6.1).
func (x *exchange) to(closes bool, now int64) *http1.Client {
	x.toClient = http1.Client{Method: x.Request.Method, Minor: x.Request.Minor, Close: closes}
	if !x.Response.Header.HasKnown(message.Date) {
		x.toClient.Date = httpDate(now)
	}
	return &x.toClient
}

// keepAlive decides whether the connection stays open after this response.
func (c *conn) keepAlive() bool {
	x := c.x
	switch {
	case x.Request.Close, c.server.parting():
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
	c.x.ended = 0 // not yet: this may have to wait
	c.SetTimeout(c.server.limits().Stall)
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
		x.endPump() // nobody may be reading
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

// whole queues a response that is all in x.out. No more has waited since it was
// ready than a pump can have made wait.
func (c *conn) whole(now int64) {
	if !c.x.begun {
		c.x.ended = now
	}
	c.finally()
}

// finally queues what x.out holds, the last of a response. The client's
// connection is ours alone from then on.
func (c *conn) finally() {
	c.x.endPump()
	c.Queue(c.x.out)
}
