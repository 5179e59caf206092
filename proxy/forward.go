package proxy

import (
	"errors"
	"net"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/plugin"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

// Forward is the last handler of a chain: it sends the request to one host of a
// pool and leaves the response's head in the exchange, its content still to
// stream. While nothing has reached the client and the request can be sent
// again, a failed try is followed by one on another host.
type Forward struct {
	Pool     *upstream.Pool
	Location *Location
	// Lane chooses among some of the pool's hosts; nil = all of them.
	Lane *upstream.Lane
}

var _ plugin.Handler = (*Forward)(nil)

// attempt is one try under way: a host and a connection to it.
type attempt struct {
	lease upstream.Lease
	up    *upstream.Conn
	began int64 // mono time at which the request went out
}

// failure is a try that gave no response to pass on.
type failure struct {
	reason upstream.Reason
	err    error
	// again says that another host may be tried: the request can be sent once
	// more and the budget has allowed it.
	again bool
	// free says that no host has done anything for the try: it counts for none.
	free bool
}

// stick sets the cookie that keeps the client with its host.
func (x *exchange) stick() {
	if cookie := x.attempt.lease.StickyCookie(&x.ask); cookie != "" {
		x.Response.Header.Add("Set-Cookie", cookie)
	}
}

// word names the failure in traces.
func (f *failure) word() string {
	if f == nil {
		return ""
	}
	return string(f.reason)
}

// Serve implements plugin.Handler.
func (f *Forward) Serve(ex *plugin.Exchange) error {
	x := ex.Stream.(*exchange)
	if err := f.prepare(x); err != nil {
		return err
	}
	attempts := f.attempts()
	for try := 1; ; {
		failed := f.try(x, try < attempts)
		if failed == nil {
			x.stick()
			return nil
		}
		if !failed.again || !f.pause(x, failed.reason, try) {
			x.errorReason = string(failed.reason)
			return failed.err
		}
		f.Pool.Retried(failed.reason)
		f.Pool.Renew(&x.ask) // neither the last try nor the pause is the next host's time
		if !failed.free {
			try++
		}
	}
}

// prepare makes the request ready to be sent, once for all tries.
func (f *Forward) prepare(x *exchange) error {
	if !f.Location.Websocket {
		x.Request.Upgrade = ""
	}
	if x.Request.Upgrade != "" && f.Pool.Protocol() == upstream.HTTP2 {
		return upstreamFault(502, "bad_response", "this upstream speaks HTTP/2 only, which cannot switch protocols", nil)
	}
	x.deadline = 0
	if f.Location.Timeout > 0 {
		x.deadline = x.started + int64(f.Location.Timeout)
	}
	x.reqBody.until = x.deadline
	if err := x.holdBody(f.Pool.Retry().ReplayBuffer); err != nil {
		return clientBodyFault(err)
	}
	if f.Location.ForwardedHeaders {
		setForwarded(x, f.Location.RequestHeaders)
	}
	f.Pool.Begin(&x.ask, x.readyToAsk(), &x.Request, x.ClientIP)
	return nil
}

// lease asks the pool, or the lane of it, for a host. Where it may have to queue for
// one it does so beside its loop.
func (f *Forward) lease(x *exchange) (upstream.Lease, error) {
	if x.Task.On() && f.Pool.Queues() {
		if lease, err := f.leaseNow(x); !errors.Is(err, limit.ErrFull) {
			return lease, err
		}
		x.Task.Leave()
		defer x.Task.Return()
	}
	if f.Lane != nil {
		return f.Lane.Lease(x.Context(), &x.ask)
	}
	return f.Pool.Lease(x.Context(), &x.ask)
}

// leaseNow is lease without a wait.
func (f *Forward) leaseNow(x *exchange) (upstream.Lease, error) {
	if f.Lane != nil {
		return f.Lane.LeaseNow(&x.ask)
	}
	return f.Pool.LeaseNow(&x.ask)
}

// untried reports whether a host is left that had no try.
func (f *Forward) untried(x *exchange) bool {
	if f.Lane != nil {
		return f.Lane.Untried(&x.ask)
	}
	return f.Pool.Untried(&x.ask)
}

// try sends the request to one host. more says whether another may follow.
func (f *Forward) try(x *exchange, more bool) *failure {
	a := &x.attempt
	x.answered = 0
	var err error
	if a.lease, err = f.lease(x); err != nil {
		return &failure{err: err}
	}
	a.lease.For(x.Task)
	x.Tries++
	x.UpstreamAddr = a.lease.Address()
	f.applyRules(x)
	span := f.traceTry(x, &a.lease)
	failed := f.tryHost(x, a, more)
	if span != nil {
		span.Done(x.Response.Status, failed.word())
	}
	return failed
}

// applyRules writes the location's request headers. Values that name the
// endpoint are written anew for each try.
func (f *Forward) applyRules(x *exchange) {
	rules := f.Location.RequestHeaders
	if rules == nil || x.Tries > 1 && !rules.PerTry() {
		return
	}
	if rules.PerTry() {
		if x.Tries == 1 {
			x.unruled.CopyFrom(&x.Request.Header)
			x.hostBefore = x.Request.Authority
		} else {
			x.Request.Header.CopyFrom(&x.unruled)
			x.Request.Authority = x.hostBefore
		}
	}
	rules.Apply(&x.Exchange)
}

// tryHost sends the request on a kept connection of the leased host or on a new
// one. A kept connection that turns out to be dead, or to hold what is no answer, is
// no failure of the host: the request goes out again on a new one, if it may.
func (f *Forward) tryHost(x *exchange, a *attempt, more bool) *failure {
	if f.Pool.Protocol() != upstream.HTTP1 && x.Request.Upgrade == "" {
		if failed, done := f.overHTTP2(x, a, more); done {
			return failed
		}
	}
	a.began = a.lease.Began()
	if a.up = a.lease.Take(a.began, !idempotent(x.Request.Method) || !x.kept(), x.Task.Loop()); a.up != nil {
		err := f.roundTrip(x, a)
		if err == nil {
			return f.judge(x, more)
		}
		a.up.Close()
		if !stale(err) && !garbled(err) || !replayable(x) {
			return f.failed(x, a, err, more)
		}
	}
	var err error
	if a.up, err = f.dial(x, &a.lease); err != nil {
		return f.failed(x, a, err, more)
	}
	a.began = mono.Now()
	if err := f.roundTrip(x, a); err != nil {
		a.up.Close()
		return f.failed(x, a, err, more)
	}
	return f.judge(x, more)
}

// dial opens a new connection to the leased host.
func (f *Forward) dial(x *exchange, lease *upstream.Lease) (*upstream.Conn, error) {
	x.Task.Leave()
	defer x.Task.Return()
	up, err := lease.Dial(x.Context(), x.bound(f.Location.ConnectTimeout), x.Task.Loop())
	if err != nil {
		return nil, x.dialFault(err)
	}
	return up, nil
}

// dialFault says what an error met while connecting means.
func (x *exchange) dialFault(err error) error {
	var late net.Error
	switch {
	case x.Context().Err() != nil:
		return errClientGone
	case errors.As(err, &late) && late.Timeout() && x.overdue():
		return &lateError{upstream.TotalTimeout}
	}
	return &dialError{err}
}

// wait is how long one host may take to its response head; 0 = no bound.
func (f *Forward) wait() time.Duration {
	if f.boundsTries() {
		return f.Pool.Retry().PerTryTimeout
	}
	return f.Location.ResponseTimeout
}

// boundsTries reports whether a try has less time than a response.
func (f *Forward) boundsTries() bool {
	per, all := f.Pool.Retry().PerTryTimeout, f.Location.ResponseTimeout
	return per > 0 && (all <= 0 || per < all)
}
