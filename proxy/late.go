package proxy

import (
	"errors"
	"io"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/upstream"
)

// lateError is a wait for an upstream that a time-out has ended, and which one.
type lateError struct{ reason upstream.Reason }

func (e *lateError) Error() string { return tooLate[e.reason] }
func (e *lateError) Unwrap() error { return wire.ErrTimeout }

// tooLate says what a time-out means, to clients and in the log.
var tooLate = map[upstream.Reason]string{
	upstream.HeadTimeout:  "the upstream took too long to answer",
	upstream.TryTimeout:   "no endpoint of the upstream answered within the time for one try",
	upstream.TotalTimeout: "the request took longer than it may in all",
	upstream.IdleTimeout:  "the upstream's answer stood still for too long",
}

// fault is the answer to a client that waits.
func (e *lateError) fault() *message.Fault {
	return upstreamFault(504, "upstream_timeout", e.Error(), e)
}

// waited is why a wait for a response's head has timed out.
func (f *Forward) waited(x *exchange) error {
	switch {
	case x.overdue():
		return &lateError{upstream.TotalTimeout}
	case f.boundsTries():
		return &lateError{upstream.TryTimeout}
	}
	return &lateError{upstream.HeadTimeout}
}

// overdue reports whether the time for the whole exchange is over. A wait that
// was to end then may end a little early.
func (x *exchange) overdue() bool {
	return x.deadline != 0 && mono.Now() >= x.deadline-int64(2*wire.Tick)
}

// lastWord is when a client must have taken all of a response: a little after the
// whole exchange should be over, so that an upstream which is late is told from a
// client that does not read; 0 = no bound.
func (x *exchange) lastWord() int64 {
	if x.deadline == 0 {
		return 0
	}
	return x.deadline + int64(time.Second)
}

// unread notes of a response that could not be sent to its end in time.
func (x *exchange) unread() {
	if x.errorReason == "" && x.overdue() {
		x.errorReason = string(upstream.TotalTimeout)
	}
}

// brokeOff is why the content of a response has ended; "" where that was its true
// end, or the client's doing.
func (x *exchange) brokeOff(err error) upstream.Reason {
	switch {
	case err == nil, err == io.EOF, clientLeft(err):
		return ""
	case errors.Is(err, wire.ErrTimeout) && x.overdue():
		return upstream.TotalTimeout
	case errors.Is(err, wire.ErrTimeout):
		return upstream.IdleTimeout
	case malformed(err):
		return upstream.BadResponse
	}
	return upstream.Reset
}

// malformed reports whether an error says that a message breaks the rules. What
// it asks with is allocated, which is why no request passes here that ends well.
func malformed(err error) bool {
	var (
		problem http1.Problem
		bad     *badError
	)
	return errors.As(err, &problem) || errors.As(err, &bad)
}

// settle ends the lease of a response whose content has ended with err, and notes
// for the access line why, if that was not its true end.
func (x *exchange) settle(lease *upstream.Lease, err error) {
	reason := x.brokeOff(err)
	if reason == "" {
		lease.Done()
		return
	}
	x.errorReason = string(reason)
	lease.Broke(reason, err)
}

// passed reports whether a deadline in mono time is over; 0 is none.
func passed(deadline int64) bool { return deadline != 0 && mono.Now() >= deadline }

// bound shortens a time-out to what the whole exchange has left; 0 is none.
func (x *exchange) bound(d time.Duration) time.Duration { return before(x.deadline, d) }

// before shortens a time-out to what is left until a deadline in mono time; 0 is
// none of either.
func before(deadline int64, d time.Duration) time.Duration {
	if deadline == 0 {
		return d
	}
	left := max(time.Duration(deadline-mono.Now()), time.Millisecond)
	if d <= 0 {
		return left
	}
	return min(d, left)
}
