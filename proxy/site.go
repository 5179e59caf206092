package proxy

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"sync/atomic"

	"pingap-go/message"
	"pingap-go/plugin"
	"pingap-go/proxy/tcp"
	"pingap-go/route"
	"pingap-go/telemetry/accesslog"
	"pingap-go/telemetry/metrics"
	"pingap-go/telemetry/tracing"
)

// Site is what one server does in one generation: its routes and what goes with
// them. A reload makes a new Site and swaps the server's pointer; requests under
// way finish on theirs.
type Site struct {
	Server string
	Routes *route.Table[*Location]
	// Live, when it is set, holds the table in force instead: automatic routes
	// come and go between reloads.
	Live *atomic.Pointer[route.Table[*Location]]
	// Relay carries the connections of a tcp server; nil = the server speaks HTTP.
	// With it all that is about requests goes unused.
	Relay *tcp.Relay
	// Errors makes the answers that we give ourselves.
	Errors *ErrorPage
	// Trusted are the peers whose own forwarded headers are believed.
	Trusted []netip.Prefix
	Metrics *metrics.Server
	// NoRoute counts requests that no location matched.
	NoRoute *metrics.Route
	// TLS is what new connections are greeted with; nil = they are plain.
	TLS *tls.Config
	// Limits are what a client is allowed.
	Limits Limits
	// Log and Format write the access log; a nil Format writes none.
	Log    *accesslog.Writer
	Format *accesslog.Format
	// Tracer starts spans; nil passes trace headers on and starts none.
	Tracer *tracing.Tracer
}

// serve takes one exchange from its parsed request to a response that can be
// sent: route, limits, rewrite, chain, response rules. What goes wrong on the
// way becomes the response.
func (s *Site) serve(x *exchange) {
	s.Metrics.Begin()
	s.identify(x)
	s.trace(x)
	location, ok := s.Table().Match(&x.Request, &x.match)
	if !ok {
		s.answerFault(x, faultNoRoute)
		return
	}
	x.location, x.Location, x.Upstream = location, location.Name, location.Upstream
	for _, c := range x.match.Captures {
		x.Captures = append(x.Captures, plugin.Capture(c))
	}
	if err := s.run(x, location); err != nil {
		s.answer(x, err)
	}
}

// Table is the route table in force.
func (s *Site) Table() *route.Table[*Location] {
	if s.Live != nil {
		return s.Live.Load()
	}
	return s.Routes
}

// run passes an exchange through one location.
func (s *Site) run(x *exchange, l *Location) error {
	if x.entered = l.enter(); !x.entered {
		return faultTooMany
	}
	if l.MaxBody > 0 {
		if x.Request.ContentLength > l.MaxBody {
			return faultBodyTooLarge
		}
		x.reqBody.limit = l.MaxBody
	}
	if l.Rewrite != nil {
		x.Request.Path = l.Rewrite.Apply(x.Request.Path, x.match.Captures)
	}
	_, x.direct = l.Handler.(*Forward)
	if err := l.Handler.Serve(&x.Exchange); err != nil {
		return err
	}
	l.ResponseHeaders.Apply(&x.Exchange)
	return nil
}

// answer makes the response that an error of the chain deserves.
func (s *Site) answer(x *exchange, err error) {
	if errors.Is(err, errClientGone) {
		s.discard(x)
		x.gone = true
		return
	}
	s.answerFault(x, asFault(err))
}

// answerFault makes our own answer, dropping any response there was.
func (s *Site) answerFault(x *exchange, f *message.Fault) {
	s.discard(x)
	s.Errors.write(x, f)
	x.errorType = f.Type
	if f.Close {
		x.Request.Close = true
	}
}

func (s *Site) discard(x *exchange) {
	if x.Response.Body != nil {
		x.Response.Body.Close()
	}
	x.Response.Reset()
	x.answered = 0
}

// finish settles an exchange whose response was sent or has failed: one set of
// counters, one access line.
func (s *Site) finish(x *exchange) {
	if x.Response.Body != nil {
		x.Response.Body.Close()
	}
	x.resBody.Close() // unless a plugin has put another body in its place
	if x.call != nil {
		x.call.Close()
	}
	x.endPump()
	x.bytesIn = x.reqBody.total
	took := x.took()
	if x.gone && x.status == 0 {
		x.status = statusClientGone
	}
	m := s.NoRoute
	if l := x.location; l != nil {
		if x.entered {
			l.leave()
		}
		m = l.Metrics
	}
	m.Done(x.status, took)
	s.Metrics.End()
	x.Finish()
	s.record(x, took)
}

// trusts reports whether a peer's own forwarded headers are believed.
func (s *Site) trusts(peer netip.Addr) bool {
	for _, p := range s.Trusted {
		if p.Contains(peer) {
			return true
		}
	}
	return false
}
