package proxy

import (
	"context"
	"errors"
	"sync"

	"pingap-go/balance"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/plugin"
	"pingap-go/proxy/http1"
	"pingap-go/route"
	"pingap-go/telemetry/accesslog"
	"pingap-go/telemetry/tracing"
	"pingap-go/upstream"
)

// exchange is a plugin.Exchange with what the request path needs besides. It
// holds all that one request needs in memory, so that serving it allocates
// nothing but its strings; connections borrow one while they are busy.
type exchange struct {
	plugin.Exchange
	client   client
	site     *Site
	location *Location
	entered  bool // it is counted in at location

	ask     balance.Ask
	attempt attempt
	out     []byte // what goes to the client next, in the connection's draft: head, and a small body
	reqBody content
	resBody responseBody
	pump    *pump
	call    *call // what resBody is, towards HTTP/2
	feed    *feed // what pump is

	started   int64 // mono time of the first byte
	answered  int64 // mono time of the upstream's response head; 0 = there is none
	ended     int64 // mono time at which the response was queued, all of it; 0 = it was not
	beside    bool  // it has left its loop until it is over
	direct    bool  // no plugin stands before the Forward
	status    int   // what the client was told; 0 before that
	bytesIn   int64 // content received from the client
	bytesOut  int64 // content sent to the client
	committed bool  // some of the response is on its way
	gone      bool  // the client left before there was an answer
	errorType string
	// errorReason is what went wrong at the upstream, more exactly than errorType
	// says; also of a response that broke off.
	errorReason string

	match      route.Match
	clientBody clientBody
	held       []byte         // request content that can be sent again
	holds      bool           // held is all of it
	begun      bool           // some of what is not held was taken from the client
	record     recording      // of what is not held
	unruled    message.Header // the request's header before rules that differ by try
	deadline   int64          // mono time at which the exchange is over; 0 = none
	hostBefore string         // the request's authority before rules that differ by try
	localPort  string
	toClient   http1.Client
	span       *tracing.Span
	entry      accesslog.Entry
}

// client is the side of an exchange that depends on the client's protocol.
type client interface {
	// interim sends a 1xx response ahead of the final one.
	interim(res *message.Response) error
	// watch names the upstream connection to interrupt when the client goes
	// away during a wait.
	watch(up *wire.Conn)
	// unwatch ends that. It reports whether the connection was interrupted, or is
	// just about to be: nobody else may use it then.
	unwatch() (gone bool)
	// watchCall names the call to leave when the client goes away; nil ends that.
	watchCall(k *call)
}

var exchanges = sync.Pool{New: func() any {
	x := new(exchange)
	x.Stream = x
	x.clientBody.content = &x.reqBody
	return x
}}

// reset makes x ready for another request.
func (x *exchange) reset() {
	x.Exchange.Reset()
	x.site, x.location = nil, nil
	x.ask.Reset()
	x.started, x.answered, x.ended, x.direct, x.beside = 0, 0, 0, false, false
	x.status, x.bytesIn, x.bytesOut = 0, 0, 0
	x.committed, x.gone, x.entered, x.errorType, x.errorReason = false, false, false, "", ""
	x.record = recording{}
	x.out, x.held, x.holds, x.begun, x.deadline, x.span, x.call = nil, nil, false, false, 0, nil, nil
}

// responseBody is the content of an upstream's response together with the right
// to the connection it comes from.
type responseBody struct {
	content
	up    *upstream.Conn
	lease upstream.Lease
	x     *exchange
	// reuse says that the connection may serve again once the content is whole.
	reuse bool
	open  bool
}

// Close gives the connection back if the content was read to its end, and ends
// it otherwise. The lease is settled with what came of it: content that nobody
// cared to read to its end says nothing against the host.
func (b *responseBody) Close() error {
	b.end(b.err)
	return nil
}

// clientLeft reports whether an error says that the client has ended a wait.
func clientLeft(err error) bool {
	return errors.Is(err, errClientGone) || errors.Is(err, wire.ErrInterrupted) || errors.Is(err, context.Canceled)
}

// dismiss gives up a response that another host's is to replace. Its status is
// the evidence about the host, not that nobody cared to read the content; the
// connection serves again if all of that has arrived already.
func (b *responseBody) dismiss() {
	if b.open && b.framing == http1.Length && int64(len(b.up.Buffered())) >= b.left {
		_, _ = b.Next() // it is there: no wait, no error
	}
	b.end(nil)
}

// end settles the connection and, once, the lease. err is why the content ended.
func (b *responseBody) end(err error) {
	if !b.open {
		return
	}
	b.open = false
	whole := b.whole()
	b.drop()
	gone := b.x.client.unwatch()
	reuse := b.reuse && whole && !gone && b.x.sentAll()
	b.x.endPump()
	if reuse {
		b.up.Large(false)
		b.up.Put()
	} else {
		b.up.Close()
	}
	b.x.settle(&b.lease, err)
}
