package proxy

import (
	"io"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/proxy/http1"
)

// lingerBytes and lingerTime bound how much of an unwanted body is read so that
// the client gets to see our answer instead of a reset (RFC 9112 section 9.6).
const (
	lingerBytes = 256 << 10
	lingerTime  = time.Second
)

// refuse answers a request that never became one, and ends the connection.
func (c *conn) refuse(err error) {
	if err == io.EOF {
		return
	}
	x := c.x
	if x.site == nil {
		x.started = mono.Now()
		x.Start = timeOfDay(x.started)
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
