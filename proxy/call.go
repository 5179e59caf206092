package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http2"
	"pingap-go/upstream"
	"pingap-go/upstream/session"
)

// call is one request on its way over a host's HTTP/2 connection, and then the
// content of its response. The library reads the request's content and the
// frames of the answer on goroutines of its own; what they share with the
// exchange's goroutine is in feed, hints and clock.
type call struct {
	f      *Forward
	x      *exchange
	conn   *session.Conn
	lease  upstream.Lease
	ctx    context.Context
	cancel context.CancelCauseFunc
	clock  clock
	feed   *feed // nil without content
	hints  hints
	res    *http.Response
	err    error // what ended Read
	open   bool
}

var _ message.Body = (*call)(nil)

// errCallOver is why the context of a call ends that has had its response.
var errCallOver = errors.New("the exchange is over")

// refusedError says that a host has not begun with a request.
type refusedError struct {
	error
	// closing says that the host only closes this one connection.
	closing bool
}

func (e *refusedError) Unwrap() error { return e.error }

// overHTTP2 sends the request on one of the leased host's HTTP/2 connections. A
// connection that was closed before the host has begun with the request is no
// failure of the host: the request goes out on another one, if it may. done is
// false when the host has chosen HTTP/1.1 instead.
func (f *Forward) overHTTP2(x *exchange, a *attempt, more bool) (failed *failure, done bool) {
	x.Task.Leave() // the library blocks
	defer x.Task.Return()
	for second := false; ; second = true {
		conn, err := a.lease.Join(x.Context(), x.bound(f.Location.ConnectTimeout))
		if err != nil {
			return f.failed(x, a, x.dialFault(err), more), true
		}
		if conn == nil {
			return nil, false
		}
		if err = f.call(x, a, conn); err == nil {
			return f.judge(x, more), true
		}
		if second || !x.mayCallAgain(conn, err) {
			return f.failed(x, a, err, more), true
		}
	}
}

// mayCallAgain reports whether a call that failed may be made once more to the
// same host: it has not begun with it, or the connection was an old one and the
// request does no harm when sent twice.
func (x *exchange) mayCallAgain(conn *session.Conn, err error) bool {
	var refused *refusedError
	if errors.As(err, &refused) {
		return refused.closing && x.canResend()
	}
	return stale(err) && !conn.Fresh() && replayable(x)
}

// call sends the request and waits for the response's head. On success x.Response
// is filled and its body, if any, is the call.
func (f *Forward) call(x *exchange, a *attempt, conn *session.Conn) error {
	began := mono.Now()
	x.Task.Leave() // until release
	k := &call{f: f, x: x, conn: conn, lease: a.lease, open: true}
	ctx, cancel := context.WithCancelCause(x.Context())
	k.ctx, k.cancel = ctx, cancel
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: k.hint})
	r, err := http2.NewRequest(ctx, &x.Request, a.lease.Address(), f.Pool.TLS())
	if err != nil {
		k.release()
		return unsendable(err)
	}
	k.sendContent(r)
	x.call = k
	k.clock.start(f.wait(), x.deadline, k.cancel)
	x.client.watchCall(k)
	k.res, err = conn.RoundTrip(r)
	k.answered()
	x.UpstreamTime = mono.Since(began)
	if err != nil {
		err = k.explain(err)
	} else {
		err = k.accept(began)
	}
	if err != nil {
		x.Response.Reset()
		k.release()
	}
	return err
}

// sendContent gives the request's content to the library, if there is any.
func (k *call) sendContent(r *http.Request) {
	x := k.x
	if x.Request.ContentLength == 0 {
		return
	}
	if x.mayTrail() {
		r.Trailer = http.Header{}
	}
	k.feed = newFeed(k, r)
	r.Body = k.feed
}

// mayTrail reports whether trailers can follow the request's content.
func (x *exchange) mayTrail() bool {
	if s, ok := x.client.(*stream); ok {
		return s.h.HasTrailer()
	}
	return x.Request.ContentLength == message.UnknownLength
}

// answered ends what only goes on while the head is waited for.
func (k *call) answered() {
	k.hints.end()
	if k.feed != nil {
		k.feed.calm()
	}
}

// accept takes the response's head, and all of the response if that was it.
func (k *call) accept(began int64) error {
	x := k.x
	if err := http2.Response(k.res, &x.Response); err != nil {
		return &badError{err}
	}
	x.UpstreamStatus = x.Response.Status
	k.lease.Answered(x.Response.Status, began, x.UpstreamTime)
	if message.BodyAllowed(x.Request.Method, x.Response.Status) {
		if x.Response.ContentLength != 0 {
			if x.Request.Major == 1 && x.Request.AcceptsTrailers && len(k.res.Trailer) > 0 {
				x.Response.ContentLength = message.UnknownLength // only chunks can have trailers there
			}
			x.Response.Body = k
			k.clock.limit(x.site.Limits.Stall)
			return nil
		}
		if ended, err := http2.Ended(k.res); err != nil {
			return k.explain(err)
		} else if !ended {
			return &badError{errTooMuch}
		}
		http2.Trailer(k.res, &x.Response)
	}
	k.err = io.EOF
	k.end(nil)
	return nil
}

// errTooMuch is a response with content beyond its length.
var errTooMuch = errors.New("more content than Content-Length says")

// explain says what an error met while waiting for a response means.
func (k *call) explain(err error) error {
	cause := context.Cause(k.ctx)
	late := errors.Is(cause, wire.ErrTimeout) // if so, what the feed met is only what came of it
	if k.feed != nil && !late {
		if fault := k.feed.fault(); fault != nil {
			return fault
		}
	}
	switch {
	case cause == nil:
	case late && k.x.reqBody.slow():
		return faultSlowBody // the client has had all of the time
	case late:
		k.conn.Retire()
		return k.f.waited(k.x)
	default: // nobody else ends it: not before there is an answer
		return errClientGone
	}
	switch http2.FailureOf(err) {
	case http2.Unbegun:
		return &refusedError{error: err, closing: true}
	case http2.Refused:
		return &refusedError{error: err}
	case http2.Malformed:
		return &badError{err}
	case http2.TooLarge: // by the client's doing, which no host is to suffer for
		return faultLargeHead
	}
	return &deadError{err}
}

// leave ends the call because the client has gone.
func (k *call) leave() { k.cancel(errClientGone) }

// Read gives the response's content.
func (k *call) Read(p []byte) (int, error) {
	k.clock.touch()
	n, err := k.res.Body.Read(p)
	k.clock.rest()
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		http2.Trailer(k.res, &k.x.Response)
	default:
		if cause := context.Cause(k.ctx); cause != nil {
			err = cause
		}
	}
	k.err = err
	return n, err
}

// Close settles the lease. A response that nobody cared to read to its end says
// nothing against the host.
func (k *call) Close() error {
	k.end(k.err)
	return nil
}

// end settles the call and, once, its lease. err is why the content ended.
func (k *call) end(err error) {
	if !k.open {
		return
	}
	k.release()
	k.x.settle(&k.lease, err)
}

// release ends whatever is still under way and gives the slot back.
func (k *call) release() {
	k.open = false
	k.x.client.watchCall(nil)
	k.clock.stop()
	k.x.endFeed(k.feed)
	k.cancel(errCallOver)
	if k.res != nil {
		_ = k.res.Body.Close() // whatever it says, the stream is over
	}
	k.conn.Done()
	k.x.Task.Return()
}
