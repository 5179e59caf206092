package proxy

import (
	"errors"

	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/upstream"
)

// pause waits before the next try. It reports false when the client has gone.
func (f *Forward) pause(x *exchange, reason upstream.Reason, try int) bool {
	x.Task.Leave()
	defer x.Task.Return()
	return f.Pool.Backoff(x.Context(), reason, try, f.untried(x))
}

func (f *Forward) attempts() int {
	if f.Location.Attempts > 0 {
		return f.Location.Attempts
	}
	return f.Pool.Retry().Attempts
}

// judge looks at a response that came: good enough to pass on, or a status for
// which another host is to be tried while that is still possible.
func (f *Forward) judge(x *exchange, more bool) *failure {
	status := x.Response.Status
	if !more || status < 400 || status < 500 && len(f.Pool.Retry().On) == 0 || x.uploading() || x.overdue() {
		return nil
	}
	reason := upstream.StatusReason(status)
	if !f.Pool.Retryable(reason, replayable(x)) || !x.canResend() || !f.Pool.Withdraw(&x.ask) {
		return nil
	}
	if x.Response.Body != nil {
		x.dismiss()
	}
	x.Response.Reset()
	return &failure{reason: reason, again: true}
}

// dismiss gives up a response that another host's is to replace.
func (x *exchange) dismiss() {
	if k, ok := x.Response.Body.(*call); ok {
		k.end(nil)
		return
	}
	x.resBody.dismiss()
}

// failed settles the lease of a try that gave no response, and decides whether
// another host may be tried.
func (f *Forward) failed(x *exchange, a *attempt, err error, more bool) *failure {
	reason, fault := explain(err)
	a.lease.Failed(reason, err)
	if fault == nil {
		return &failure{err: err}
	}
	failed := &failure{reason: reason, err: fault}
	if !x.canResend() || !f.Pool.Retryable(reason, replayable(x)) || x.overdue() {
		return failed
	}
	if failed.again = f.freely(x, reason, err, more); failed.again {
		failed.free = reason == upstream.ConnectFailed
		return failed
	}
	failed.again = more && f.Pool.Withdraw(&x.ask)
	return failed
}

// freely reports whether the budget need not pay for another try: the host has
// done nothing for this one, and there is one that had none. The budget is to keep
// load from hosts in trouble, and there was none. A refusal takes no time either,
// so that it does not count as an attempt; how many there can be is bounded by the
// hosts that an Ask remembers. Who sets one attempt wants no retry at all.
func (f *Forward) freely(x *exchange, reason upstream.Reason, err error, more bool) bool {
	var dial *dialError
	if !errors.As(err, &dial) || f.attempts() <= 1 || !f.untried(x) {
		return false
	}
	_, free := upstream.DialReason(err)
	return free && (more || reason == upstream.ConnectFailed)
}

// contentError says what an error met in the content of a response means while
// nothing of the response has been sent.
func (x *exchange) contentError(err error) error {
	if fault := x.pumpFault(); fault != nil {
		return fault
	}
	var problem http1.Problem
	switch {
	case errors.Is(err, wire.ErrInterrupted):
		return errClientGone
	case errors.Is(err, wire.ErrTimeout):
		return (&lateError{x.brokeOff(err)}).fault()
	case errors.As(err, &problem):
		err = &badError{err}
	}
	_, fault := explain(err)
	return fault
}

// unconnected says what a failed connect was like.
var unconnected = map[upstream.Reason]string{
	upstream.ConnectFailed:  "no connection to the upstream could be made",
	upstream.ConnectTimeout: "no connection to the upstream could be made in time",
	upstream.Handshake:      "no secure connection to the upstream could be made",
}

// explain turns the error of a try into evidence about the host and an answer
// for the client. The answer is nil when the client is the cause.
func explain(err error) (upstream.Reason, error) {
	var (
		dial   *dialError
		bad    *badError
		refuse *refusedError
		late   *lateError
		client *message.Fault
	)
	switch {
	case errors.Is(err, errClientGone):
		return upstream.ClientGone, nil
	case errors.As(err, &dial):
		reason, _ := upstream.DialReason(err)
		return reason, upstreamFault(502, "connect_failed", unconnected[reason], err)
	case errors.As(err, &bad):
		return upstream.BadResponse, upstreamFault(502, "bad_response", "the upstream's answer is not valid HTTP", err)
	case errors.As(err, &refuse):
		return upstream.Refused, upstreamFault(502, "upstream_reset", "the upstream refused the request", err)
	case errors.As(err, &client):
		return upstream.ClientGone, nil
	case errors.As(err, &late):
		return late.reason, late.fault()
	}
	return upstream.Reset, upstreamFault(502, "upstream_reset", "the upstream ended the connection before it had answered", err)
}

// replayable reports whether sending the request twice does no harm: its method
// is idempotent (RFC 9110 section 9.2.2) and its content can be sent again.
func replayable(x *exchange) bool {
	return idempotent(x.Request.Method) && x.canResend()
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return false
}

// garbled reports whether an error says that what came is no answer. On a kept
// connection that may be the rest of an earlier one.
func garbled(err error) bool {
	var bad *badError
	return errors.As(err, &bad)
}

// stale reports whether an error says that a kept connection was dead before
// the upstream can have answered anything.
func stale(err error) bool {
	var dead *deadError
	return errors.As(err, &dead)
}
