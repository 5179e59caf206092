package http2

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"pingap-go/message"
)

// parsed is a request as the library would give it, made ours.
func parsed(r *http.Request) (message.Request, error) {
	var req message.Request
	err := (&Stream{r: r}).Request(&req, nil)
	return req, err
}

func plain(change func(*http.Request)) *http.Request {
	r := &http.Request{Method: "GET", RequestURI: "/", Host: "a", Header: http.Header{}}
	change(r)
	return r
}

func TestRequestsFollowTheBookOfHTTP1(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		kind   string
	}{
		"a path above the root":     {func(r *http.Request) { r.RequestURI = "/../x" }, 400, "bad_request"},
		"a space in the target":     {func(r *http.Request) { r.RequestURI = "/a b" }, 400, "bad_request"},
		"a line end in the target":  {func(r *http.Request) { r.RequestURI = "/a\r\nX: y" }, 400, "bad_request"},
		"a line end in the method":  {func(r *http.Request) { r.Method = "GET\n" }, 400, "bad_request"},
		"a line end in a value":     {func(r *http.Request) { r.Header["X"] = []string{"a\r\nY: b"} }, 400, "bad_request"},
		"a line end in a name":      {func(r *http.Request) { r.Header["X\r\nY"] = []string{"a"} }, 400, "bad_request"},
		"another Host":              {func(r *http.Request) { r.Header["Host"] = []string{"b"} }, 400, "bad_request"},
		"no authority":              {func(r *http.Request) { r.Host = "" }, 400, "bad_request"},
		"a list of authorities":     {func(r *http.Request) { r.Host = "a,b" }, 400, "bad_request"},
		"a method that is no token": {func(r *http.Request) { r.Method = "G(T" }, 400, "bad_request"},
		"CONNECT":                   {func(r *http.Request) { r.Method, r.RequestURI = "CONNECT", "a:443" }, 405, "bad_request"},
		"two lengths":               {func(r *http.Request) { r.Header["Content-Length"] = []string{"1", "1"} }, 400, "bad_request"},
		"a length in words":         {func(r *http.Request) { r.Header["Content-Length"] = []string{"one"} }, 400, "bad_request"},
		"a length without content":  {func(r *http.Request) { r.Header["Content-Length"] = []string{"1"} }, 400, "bad_request"},
		"too many fields": {func(r *http.Request) {
			for i := range 200 {
				r.Header[fmt.Sprint("X-", i)] = []string{"x"}
			}
		}, 431, "header_too_large"},
		"too long a target": {func(r *http.Request) { r.RequestURI = "/" + strings.Repeat("x", 20_000) }, 414, "uri_too_long"},
	} {
		_, err := parsed(plain(c.change))
		var fault *message.Fault
		if !errors.As(err, &fault) || fault.Status != c.status || fault.Type != c.kind || fault.Close {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

func TestRequestsBecomeOurs(t *testing.T) {
	req, err := parsed(plain(func(r *http.Request) {
		r.Method, r.RequestURI, r.Host, r.ContentLength = "POST", "/a/./%7eb?c=d", "example.com:8080", -1
		r.Header = http.Header{"Te": {"trailers"}, "X-B": {"1", "2"}, "A": {"3"}, "Host": {"example.com:8080"}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for name, value := range req.Header.All() {
		fields = append(fields, name+"="+value)
	}
	if req.Method != "POST" || req.Path != "/a/~b" || req.Query != "c=d" || req.Authority != "example.com:8080" || req.Major != 2 ||
		req.ContentLength != message.UnknownLength || !req.AcceptsTrailers || strings.Join(fields, " ") != "A=3 X-B=1 X-B=2" {
		t.Errorf("%+v, %v", req, fields)
	}
}

func TestTargetsAreSentAsTheyAre(t *testing.T) {
	for _, c := range []struct{ path, query, want string }{
		{"/", "", "/"},
		{"*", "", "*"},
		{"/a%2Fb|c\"", "", "/a%2Fb|c\""},
		{"/a", "b={c}", "/a?b={c}"},
	} {
		req := message.Request{Method: "OPTIONS", Path: c.path, Query: c.query, Authority: "a"}
		r, err := NewRequest(t.Context(), &req, "127.0.0.1:1", false)
		if err != nil || r.URL.RequestURI() != c.want {
			t.Errorf("%s?%s: %s, %v", c.path, c.query, r.URL.RequestURI(), err)
		}
	}
}

func TestNothingUnsendableIsSent(t *testing.T) {
	for _, f := range []message.Field{{Name: "X", Value: "a\nb"}, {Name: "X Y", Value: "a"}, {Name: "", Value: "a"}} {
		var h message.Header
		h.AddField(f)
		if err := setFields(http.Header{}, &h); err == nil {
			t.Errorf("%q: %q was accepted", f.Name, f.Value)
		}
	}
	var h message.Header
	for _, name := range []string{"Connection", "transfer-encoding", "Upgrade", "Keep-Alive", "Proxy-Connection", "Content-Length"} {
		h.Add(name, "x")
	}
	if to := (http.Header{}); setFields(to, &h) != nil || len(to) != 0 {
		t.Errorf("passed on: %v", to)
	}
}

// The library's errors have no types of their own; TestHostsThatHaveNotBegun and
// TestGoAwayIsNoFailure in package proxy meet the real ones.
func TestFailures(t *testing.T) {
	for want, errs := range map[Failure][]error{
		Refused: {http2.StreamError{Code: http2.ErrCodeRefusedStream}},
		Malformed: {
			http2.StreamError{Code: http2.ErrCodeProtocol, Cause: errors.New("malformed response")},
			http2.ConnectionError(http2.ErrCodeProtocol), http2.ErrFrameTooLarge,
		},
		TooLarge: {errors.New("http2: request header list larger than peer's advertised limit")},
		Unbegun:  {errors.New("http2: Transport received Server's graceful shutdown GOAWAY"), errors.New("http2: client conn not usable")},
		Broken: {
			http2.StreamError{Code: http2.ErrCodeProtocol, Cause: errors.New("received from peer")},
			http2.StreamError{Code: http2.ErrCodeInternal}, errors.New("unexpected EOF"),
		},
	} {
		for _, err := range errs {
			if got := FailureOf(fmt.Errorf("wrapped: %w", asLibrary(err))); got != want {
				t.Errorf("%v: %v, want %v", err, got, want)
			}
		}
	}
}

// asLibrary gives a StreamError the As method that the library's own has.
func asLibrary(err error) error {
	var stream http2.StreamError
	if errors.As(err, &stream) {
		return libraryError{stream}
	}
	return err
}

type libraryError struct{ of http2.StreamError }

func (e libraryError) Error() string { return "stream error" }

func (e libraryError) As(target any) bool {
	to, ok := target.(*streamError)
	if ok {
		*to = streamError{StreamID: e.of.StreamID, Code: uint32(e.of.Code), Cause: e.of.Cause}
	}
	return ok
}

// A deadline is moved no more often than needed, and never fires early.
func TestDeadlineIsMovedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at time.Time
		moves := 0
		d := deadline{move: func(to time.Time) error { at, moves = to, moves+1; return nil }}
		d.extend()
		if moves != 0 {
			t.Error("there is no limit yet")
		}
		d.limit(time.Minute)
		for range 100 {
			d.extend()
			if left := time.Until(at); left < time.Minute || left > 90*time.Second {
				t.Fatalf("%s are left", left)
			}
			time.Sleep(time.Second)
		}
		if moves > 5 {
			t.Errorf("moved %d times in 100 s", moves)
		}
		if d.limit(0); !at.IsZero() {
			t.Error("the limit was not taken away")
		}
	})
}
