package upstream

import (
	"errors"
	"net"
	"strconv"

	"pingap-go/health"
)

// Reason is why a try did not give the response that was hoped for. It is the
// word of metrics and logs; `retry.on` has one word for several of them.
type Reason string

// The reasons. Statuses are reasons too: "502", "503", "504" and so on.
const (
	ConnectFailed Reason = "connect" // nobody takes the connection
	// ConnectTimeout: nothing came of it within connect_timeout, TLS included.
	ConnectTimeout Reason = "connect_timeout"
	// Handshake: there was a connection, but TLS or HTTP/2 did not come about.
	Handshake   Reason = "handshake"
	Reset       Reason = "reset"        // the host ended the connection in mid-exchange
	HeadTimeout Reason = "head_timeout" // no response head within response_timeout
	TryTimeout  Reason = "try_timeout"  // nor within per_try_timeout
	// TotalTimeout: the location's timeout for the whole exchange has passed.
	TotalTimeout Reason = "total_timeout"
	// IdleTimeout: the content stood still for as long as idle_timeout.
	IdleTimeout Reason = "idle_timeout"
	BadResponse Reason = "bad_response"
	// Refused: the host said that it has not begun with the request.
	Refused    Reason = "refused"
	ClientGone Reason = "client"
	Hedged     Reason = "hedge" // dropped because another host was quicker
)

// The words of `retry.on` that stand for several reasons.
const (
	onConnect Reason = "connect" // nothing was done with the request
	onTimeout Reason = "timeout"
)

// StatusReason is the reason that a status is.
func StatusReason(status int) Reason {
	switch status { // the usual ones without making a string
	case 500:
		return "500"
	case 502:
		return "502"
	case 503:
		return "503"
	case 504:
		return "504"
	}
	return Reason(strconv.Itoa(status))
}

// unreachedError is a connect that the host has not taken.
type unreachedError struct{ error }

func (e *unreachedError) Unwrap() error { return e.error }

// DialReason says why Dial or Join has failed. free says that the host has done
// nothing at all for it, so that another try costs no host anything.
func DialReason(err error) (r Reason, free bool) {
	var unreached *unreachedError
	var late net.Error
	free = errors.As(err, &unreached)
	switch {
	case errors.As(err, &late) && late.Timeout():
		return ConnectTimeout, free
	case free:
		return ConnectFailed, true
	}
	return Handshake, false
}

// on is the word of `retry.on` for the reason.
func (r Reason) on() Reason {
	switch r {
	case ConnectFailed, ConnectTimeout, Handshake, Refused:
		return onConnect
	case HeadTimeout, TryTimeout:
		return onTimeout
	}
	return r
}

// outcome is the evidence that a failed try gives about its host.
func (r Reason) outcome() health.Outcome {
	switch r {
	case ConnectFailed, Handshake:
		return health.ConnectFailed
	case ConnectTimeout:
		return health.ConnectTimedOut
	case HeadTimeout, TryTimeout, TotalTimeout:
		return health.TimedOut
	case IdleTimeout:
		return health.Stalled
	case ClientGone, Hedged:
		return health.ClientAborted
	case Reset, BadResponse, Refused:
		return health.Reset
	}
	return health.ServerError
}
