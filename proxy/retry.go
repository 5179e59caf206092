package proxy

import (
	"errors"

	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/upstream"
)

// judge looks at a response that came: good enough to pass on, or a status for
// which another host is to be tried while that is still possible.
func (f *Forward) judge(x *exchange, more bool) *failure {
	status := x.Response.Status
	if !more || status < 400 || status < 500 && len(f.Pool.Retry().On) == 0 {
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
		k.end(true)
		return
	}
	x.resBody.dismiss()
}

// failed settles the lease of a try that gave no response, and decides whether
// another host may be tried.
func (f *Forward) failed(x *exchange, a *attempt, err error, more bool) *failure {
	reason, fault := explain(err)
	a.lease.Complain(reason, err)
	a.lease.Failed(reason)
	if fault == nil {
		return &failure{err: err}
	}
	again := more && x.canResend() && f.Pool.Retryable(reason, replayable(x)) && f.Pool.Withdraw(&x.ask)
	return &failure{reason: reason, err: fault, again: again}
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
	case errors.As(err, &problem):
		err = &badError{err}
	}
	_, fault := explain(err)
	return fault
}

// explain turns the error of a try into evidence about the host and an answer
// for the client. The answer is nil when the client is the cause.
func explain(err error) (upstream.Reason, error) {
	var (
		dial   *dialError
		bad    *badError
		refuse *refusedError
		client *message.Fault
	)
	switch {
	case errors.Is(err, errClientGone):
		return upstream.ClientGone, nil
	case errors.As(err, &dial):
		return upstream.ConnectFailed, upstreamFault(502, "connect_failed", "no connection to the upstream could be made", err)
	case errors.As(err, &bad):
		return upstream.BadResponse, upstreamFault(502, "bad_response", "the upstream's answer is not valid HTTP", err)
	case errors.As(err, &refuse):
		return upstream.Refused, upstreamFault(502, "upstream_reset", "the upstream refused the request", err)
	case errors.As(err, &client):
		return upstream.ClientGone, nil
	case errors.Is(err, wire.ErrTimeout):
		return upstream.Timeout, upstreamFault(504, "upstream_timeout", "the upstream took too long to answer", err)
	}
	return upstream.Reset, upstreamFault(502, "upstream_reset", "the upstream ended the connection before it had answered", err)
}
