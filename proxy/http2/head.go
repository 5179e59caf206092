package http2

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// What HTTP/1 has no words for.
var (
	errOtherHost  = errors.New("the authority is not what Host says")
	errNoPath     = errors.New("the path does not begin with a slash")
	errNoContent  = errors.New("there is not as much content as Content-Length says")
	errLineBroken = errors.New("a field holds a line end")
)

// Request fills req, which must be Reset, from the stream's request, by the rules
// of proxy/http1. The error is a *message.Fault; req is then half filled, for the
// access log at most. Scheme is the caller's.
func (s *Stream) Request(req *message.Request, lim *http1.Limits) error {
	head, err := headOf(s.r)
	if err == nil {
		err = http1.ParseRequest(head, req, lim)
	}
	req.Major, req.Minor, req.Close = 2, 0, false
	if err != nil {
		return refused(err)
	}
	switch said := s.r.ContentLength; {
	case req.Target != "*" && req.Target[0] != '/': // a URI, whose authority has taken the place of :authority
		return refused(errNoPath)
	case said < 0:
		req.ContentLength = message.UnknownLength
	case said != req.ContentLength:
		return refused(errNoContent)
	}
	return nil
}

// refused is the answer to a request that breaks a rule. The stream ends with it,
// the connection stays: where the next request begins is not in doubt.
func refused(err error) error {
	var fault *message.Fault
	if errors.As(err, &fault) {
		kind := *fault
		kind.Close = false
		return &kind
	}
	return &message.Fault{Status: http.StatusBadRequest, Type: "bad_request", Detail: err.Error()}
}

// headOf writes the request down as the head of an HTTP/1.1 request. Fields come
// in alphabetical order, since the library has lost theirs.
func headOf(r *http.Request) (string, error) {
	var b strings.Builder
	b.Grow(512)
	if hosts := r.Header["Host"]; len(hosts) > 1 || len(hosts) == 1 && hosts[0] != r.Host {
		return "", errOtherHost
	}
	if breaks(r.Method) || breaks(r.RequestURI) || breaks(r.Host) {
		return "", errLineBroken
	}
	b.WriteString(r.Method)
	b.WriteByte(' ')
	b.WriteString(r.RequestURI)
	b.WriteString(" HTTP/1.1\r\nHost: ")
	b.WriteString(r.Host)
	b.WriteString("\r\n")
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name == "Host" {
			continue
		}
		for _, value := range r.Header[name] {
			if breaks(name) || breaks(value) {
				return "", errLineBroken
			}
			b.WriteString(name)
			b.WriteString(": ")
			b.WriteString(value)
			b.WriteString("\r\n")
		}
	}
	b.WriteString("\r\n")
	return b.String(), nil
}

// breaks reports whether text would end a line. The library has looked already;
// this is where it would matter.
func breaks(text string) bool { return strings.ContainsAny(text, "\r\n") }
