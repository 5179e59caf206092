package proxy

import (
	"errors"

	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// The answers that the proxy makes itself (contract: "Answers that we make
// ourselves"). Those that carry a cause are made where the cause is known.
var (
	faultNoRoute      = &message.Fault{Status: 404, Type: "no_route", Detail: "no location matches this request"}
	faultBodyTooLarge = &message.Fault{Status: 413, Type: "body_too_large", Detail: "the request body is larger than this location allows", Close: true}
	faultLargeHead    = &message.Fault{Status: 431, Type: "header_too_large", Detail: "the request head is larger than the upstream takes"}
	faultTooMany      = &message.Fault{Status: 429, Type: "too_many_requests", Detail: "this location is serving as many requests as it may", RetryAfter: 1}
	faultSlowHead     = &message.Fault{Status: 408, Type: "client_timeout", Detail: "the request head took too long", Close: true}
	faultSlowBody     = &message.Fault{Status: 408, Type: "client_timeout", Detail: "the request body took too long", Close: true}
)

// errClientGone ends an exchange whose client is no longer there. Nobody is
// left to answer; logs show 499 as nginx's do.
var errClientGone = errors.New("client closed the connection")

// statusClientGone is what logs and metrics say of such an exchange.
const statusClientGone = 499

// unsendable is the answer to a request of which nothing can be made that may be sent:
// most likely a header rule has made a Host of what the client sent, and it is none. No
// host has to do with that.
func unsendable(err error) error {
	return &message.Fault{Status: 400, Type: "bad_request", Detail: "the request cannot be sent on as this location asks for", Err: err}
}

func upstreamFault(status int, etype, detail string, cause error) *message.Fault {
	return &message.Fault{Status: status, Type: etype, Detail: detail, Err: cause}
}

// clientBodyFault says what an error met while reading the client's body means.
func clientBodyFault(err error) error {
	var (
		fault   *message.Fault
		problem http1.Problem
	)
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &problem):
		return http1.RequestFault(problem)
	case errors.Is(err, wire.ErrTimeout):
		return faultSlowBody
	}
	return errClientGone
}

// asFault turns any error of the chain into the answer it deserves.
func asFault(err error) *message.Fault {
	var fault *message.Fault
	if errors.As(err, &fault) {
		return fault
	}
	return &message.Fault{Status: 500, Type: "internal", Detail: "the request could not be handled", Err: err}
}
