package http2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// NewRequest makes the library's form of a request to a host. Its body and
// trailers are the caller's to set. address stands in for an authority that a
// client of HTTP/1.0 did not name; encrypted is the scheme. The error says which part of
// the request cannot be sent.
func NewRequest(ctx context.Context, req *message.Request, address string, encrypted bool) (*http.Request, error) {
	if err := http1.CheckRequest(req); err != nil {
		return nil, err
	}
	u := &url.URL{Scheme: "http", Host: req.Authority, RawQuery: req.Query, ForceQuery: req.HasQuery}
	if encrypted {
		u.Scheme = "https"
	}
	if u.Host == "" {
		u.Host = address
	}
	u.Opaque = req.Path
	if strings.HasPrefix(req.Path, "//") {
		u.Opaque = u.Scheme + "://" + u.Host + req.Path // what the library takes off again
	}
	r := (&http.Request{
		Method: req.Method, URL: u, Host: u.Host, Header: make(http.Header, req.Header.Len()+2),
		Proto: "HTTP/2.0", ProtoMajor: 2, ContentLength: req.ContentLength,
	}).WithContext(ctx)
	if err := setFields(r.Header, &req.Header); err != nil {
		return nil, err
	}
	if _, given := r.Header["User-Agent"]; !given {
		r.Header["User-Agent"] = []string{""} // the library would name itself
	}
	if req.AcceptsTrailers {
		r.Header["Te"] = []string{"trailers"}
	}
	if req.ExpectContinue {
		r.Header["Expect"] = []string{"100-continue"}
	}
	return r, nil
}

// errLengths and errStatus are why a response is no good.
var (
	errLengths = errors.New("there is not as much content as Content-Length says, or it says several things")
	errStatus  = errors.New("status is not a number of three digits")
)

// Response fills res, which must be Reset, from what a host has answered. The
// body is the caller's to set. With a ContentLength of 0 there may still be an end
// to wait for, which Ended does.
func Response(from *http.Response, res *message.Response) error {
	switch {
	case from.StatusCode < 200 || from.StatusCode > 999:
		return errStatus
	case len(from.Header["Content-Length"]) > 1:
		return errLengths
	}
	res.Status, res.ContentLength = from.StatusCode, from.ContentLength
	addFields(&res.Header, from.Header)
	return nil
}

// Interim fills res from a 1xx response.
func Interim(status int, header http.Header, res *message.Response) {
	res.Status = status
	addFields(&res.Header, header)
}

// Ended reads the end of a response that has no content, and reports whether it
// is there. Trailers may stand between the head and the end.
func Ended(from *http.Response) (bool, error) {
	var none [1]byte
	n, err := from.Body.Read(none[:])
	switch {
	case err == io.EOF && n == 0:
		return true, nil
	case err == nil || n > 0:
		return false, errLengths
	}
	return false, err
}

// Trailer fills in the response's trailers, once its body has given io.EOF.
func Trailer(from *http.Response, res *message.Response) { addFields(&res.Trailer, from.Trailer) }

// SetTrailer has the library send a request's trailers, from a body's Read that
// is about to give io.EOF. The request's Trailer must not be nil.
func SetTrailer(to *http.Request, trailer *message.Header) error {
	return setFields(to.Trailer, trailer)
}
