package proxy

import (
	"errors"
	"io"
	"strings"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/upstream"
)

// Errors of a round trip, by what they say about the connection and the host.
type (
	dialError  struct{ error } // no connection came about
	deadError  struct{ error } // the connection was dead before any answer
	resetError struct{ error } // it ended in the middle of an answer
	badError   struct{ error } // the answer breaks the rules
)

func (e *dialError) Unwrap() error  { return e.error }
func (e *deadError) Unwrap() error  { return e.error }
func (e *resetError) Unwrap() error { return e.error }
func (e *badError) Unwrap() error   { return e.error }

// maxInterim bounds the 1xx responses ahead of a final one.
const maxInterim = 16

// continueWait is how long an upstream has to answer "Expect: 100-continue"
// before the content is sent anyway (RFC 9110 section 10.1.1).
const continueWait = time.Second

// roundTrip sends the request, at a.began, and reads the response's head. On success
// x.Response is filled and its body, if any, holds the connection. With hedging
// the attempt may have become another one.
func (f *Forward) roundTrip(x *exchange, a *attempt) error {
	x.goWith(&a.up.Conn)
	wait := f.wait()
	a.up.SetTimeout(x.bound(wait))
	x.client.watch(&a.up.Conn)
	framing, err := f.converse(x, a, wait)
	if err != nil {
		x.client.unwatch()
		x.endPump()
		x.Response.Reset()
		x.UpstreamTime = mono.Since(a.began)
		if errors.Is(err, wire.ErrTimeout) {
			err = f.waited(x)
		}
		return err
	}
	x.answered = mono.Now()
	x.UpstreamTime, x.UpstreamStatus = time.Duration(x.answered-a.began), x.Response.Status
	a.lease.Answered(x.Response.Status, a.began, x.UpstreamTime)
	a.up.Answered(x.answered)
	x.attach(a, framing)
	return nil
}

// goWith readies the exchange for waits on up. What its loop does not watch blocks: the rest of the exchange runs beside the loop then.
func (x *exchange) goWith(up *wire.Conn) {
	if up.Loop() == nil && !x.beside {
		x.beside = true
		x.Task.Leave()
	}
	up.For(x.Task)
}

// converse sends the request and reads up to the final response head.
func (f *Forward) converse(x *exchange, a *attempt, wait time.Duration) (http1.Framing, error) {
	out, err := http1.AppendRequest(a.up.Draft(), &x.Request)
	if err != nil {
		return 0, unsendable(err)
	}
	if err := x.send(a.up, out, wait); err != nil {
		return 0, x.sendError(err)
	}
	if after := f.Pool.HedgeAfter(); after > 0 && (wait <= 0 || after < wait) && f.mayHedge(x) {
		if err := f.hedge(x, a, after, wait); err != nil {
			return 0, err
		}
	}
	up := a.up
	for n := 0; ; n++ {
		head, err := x.responseHead(up, wait)
		if err != nil {
			return 0, err
		}
		framing, err := http1.ParseResponse(head, x.Request.Method, &x.Response)
		if err != nil {
			return 0, &badError{err}
		}
		switch status := x.Response.Status; {
		case status == 101:
			return framing, x.checkUpgrade()
		case status >= 200:
			return framing, nil
		case n >= maxInterim:
			return 0, &badError{errors.New("too many interim responses")}
		}
		if err := x.relayInterim(up, wait); err != nil {
			return 0, err
		}
	}
}

// relayInterim passes 100 and 103 on; 100 also lets the content go.
func (x *exchange) relayInterim(up *upstream.Conn, wait time.Duration) error {
	if s := x.Response.Status; s == 100 || s == 103 {
		if err := x.client.interim(&x.Response); err != nil {
			return errClientGone
		}
	}
	if x.Response.Status == 100 && x.Request.ExpectContinue && x.pump == nil {
		x.startPump(up, wait)
	}
	x.Response.Reset()
	return nil
}

// checkUpgrade refuses a switch to a protocol that nobody asked for
// (RFC 9110 section 15.2.2).
func (x *exchange) checkUpgrade() error {
	if x.Request.Upgrade == "" || !strings.EqualFold(x.Request.Upgrade, x.Response.Upgrade) {
		return &badError{errors.New("unsolicited 101 response")}
	}
	return nil
}

// responseHead reads the next response head off up as one string.
func (x *exchange) responseHead(up *upstream.Conn, wait time.Duration) (string, error) {
	scanned := 0
	for {
		if buf := up.Buffered(); len(buf) > scanned {
			n, err := http1.ResponseHeadLength(buf, scanned)
			if err != nil {
				return "", &badError{err}
			}
			if n > 0 {
				head := string(buf[:n])
				up.Discard(n)
				return head, nil
			}
			if scanned = len(buf); scanned >= wire.LargeBuffer {
				return "", &badError{wire.ErrBufferFull}
			}
		}
		if err := x.fill(up, wait); err != nil {
			return "", x.waitError(err, scanned > 0 || x.Response.Status != 0)
		}
	}
}

// fill waits for the upstream. A client that waits for 100 Continue is told so
// when the upstream does not care to.
func (x *exchange) fill(up *upstream.Conn, wait time.Duration) error {
	for {
		expecting := x.Request.ExpectContinue && x.pump == nil && x.Request.ContentLength != 0
		if expecting {
			up.SetTimeout(x.bound(continueWait))
		}
		err := up.Fill()
		if err != wire.ErrTimeout || !expecting {
			return err
		}
		if x.client.interim(&message.Response{Status: 100}) != nil {
			return errClientGone
		}
		up.SetTimeout(x.bound(wait))
		x.startPump(up, wait)
	}
}

// waitError says what an error met while waiting for a response means.
func (x *exchange) waitError(err error, begun bool) error {
	if fault := x.pumpFault(); fault != nil {
		return fault
	}
	switch {
	case errors.Is(err, wire.ErrInterrupted), errors.Is(err, errClientGone):
		return errClientGone
	case errors.Is(err, wire.ErrTimeout) && x.reqBody.slow():
		return faultSlowBody // the client has had all of the time
	case errors.Is(err, wire.ErrTimeout), errors.Is(err, wire.ErrBufferFull):
		return err
	case err == io.EOF && begun:
		return &resetError{io.ErrUnexpectedEOF}
	case begun:
		return &resetError{err}
	}
	return &deadError{err}
}

// sendError says what an error met while sending the request means.
func (x *exchange) sendError(err error) error {
	if errors.Is(err, wire.ErrTimeout) {
		return err
	}
	if errors.Is(err, wire.ErrInterrupted) {
		return errClientGone
	}
	return &deadError{err}
}

// attach makes the response's content stream from up, or gives up's connection
// back at once when there is none.
func (x *exchange) attach(a *attempt, framing http1.Framing) {
	b, up := &x.resBody, a.up
	b.start(&up.Conn, framing, x.Response.ContentLength, &x.Response.Trailer)
	b.x, b.up, b.lease, b.open = x, up, a.lease, true
	b.reuse = !x.Response.Close && framing != http1.UntilClose && x.Response.Status != 101 && !x.Request.BindsConnection() && !x.early()
	up.KeepFor(x.Response.KeepAlive)
	switch {
	case x.Response.Status == 101:
		x.Response.Body = b
	case b.ended():
		if len(up.Buffered()) > 0 {
			b.reuse = false // bytes that belong to no response
		}
		if !message.BodyAllowed(x.Request.Method, x.Response.Status) {
			up.Doubt() // not every server knows that there is no content
		}
		b.Close()
	default:
		b.stall, b.until = x.site.Limits.Stall, x.deadline
		x.Response.Body = b
	}
}
