package proxy

import (
	"time"

	"pingap-go/internal/mono"
)

// Reading the clock costs as much as finding the route does. A small request that
// waits for nothing but its upstream takes two readings, when its head is here and
// when its answer's is; what follows at once on either has the same time.

// readyToAsk is the mono time at which an upstream is asked for: when the request
// began, unless a plugin or the request's content may have taken time since.
func (x *exchange) readyToAsk() int64 {
	if x.direct && len(x.held) == 0 {
		return x.started
	}
	return mono.Now()
}

// readyToSend is the mono time at which the response can be sent: when its head
// came, if it is an upstream's and nothing may have taken time since.
func (x *exchange) readyToSend() int64 {
	if x.direct && x.answered != 0 && !x.begun {
		return x.answered
	}
	return mono.Now()
}

// took is how long the exchange has lasted.
func (x *exchange) took() time.Duration {
	if x.ended == 0 {
		return mono.Since(x.started)
	}
	return time.Duration(x.ended - x.started)
}
