package proxy

import (
	"time"

	"pingap-go/telemetry/accesslog"
	"pingap-go/telemetry/tracing"
	"pingap-go/upstream"
)

// protocols are the names of the protocol versions in logs.
func protocol(major, minor int) string {
	switch {
	case major == 2:
		return "HTTP/2.0"
	case minor == 0:
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// record writes what is kept of a finished exchange: its span and its access line.
func (s *Site) record(x *exchange, took time.Duration) {
	if x.span != nil {
		route := ""
		if x.location != nil {
			route = x.location.Route
		}
		x.span.Done(&tracing.Result{Status: x.status, Location: x.Location, Upstream: x.Upstream, Route: route, ErrorType: x.errorType})
		x.span = nil
	}
	if s.Format != nil {
		x.fillEntry(took)
		s.Log.Log(s.Format, &x.entry)
		x.entry = accesslog.Entry{} // holds on to nothing
	}
}

func (x *exchange) fillEntry(took time.Duration) {
	r := &x.Request
	x.entry = accesslog.Entry{
		Start: x.Start, Duration: took,
		Method: r.Method, Target: r.Target, Path: r.Path, Query: r.Query,
		Host: r.Host(), Scheme: r.Scheme, Proto: protocol(r.Major, r.Minor), Status: x.status,
		BytesIn: x.bytesIn, BytesOut: x.bytesOut,
		RemoteIP: x.RemoteIP, RemotePort: x.RemotePort, ClientIP: x.ClientIP, RequestID: x.RequestID,
		Server: x.Server, Location: x.Location, Upstream: x.Upstream,
		UpstreamAddr: x.UpstreamAddr, UpstreamStatus: x.UpstreamStatus, UpstreamTime: x.UpstreamTime, Tries: x.Tries,
		ErrorType: x.errorType, ErrorReason: x.errorReason, Request: &r.Header, Response: &x.Response.Header,
	}
}

// trace begins the span of an exchange, or with tracing off passes the trace
// context on, or begins one.
func (s *Site) trace(x *exchange) {
	if !s.Tracer.Enabled() {
		tracing.Continue(&x.Request.Header)
		return
	}
	r := &x.Request
	version := protocol(r.Major, r.Minor)[len("HTTP/"):]
	x.span = s.Tracer.Start(x.Context(), &tracing.Request{
		Method: r.Method, Scheme: r.Scheme, Authority: r.Authority, Path: r.Path, Version: version,
		ClientIP: x.ClientIP, PeerIP: x.RemoteIP, PeerPort: x.RemotePort, Server: s.Server, Header: &r.Header,
	})
	x.SetContext(x.span.Context())
}

// traceTry begins the span of one try, and gives what ends it; with tracing off
// both do nothing.
func (f *Forward) traceTry(x *exchange, lease *upstream.Lease) *tracing.TrySpan {
	if x.span == nil {
		return nil
	}
	return x.span.Try(&tracing.Try{
		Upstream: f.Pool.Name(), Address: lease.Address(), TLS: f.Pool.TLS(), Number: x.Tries,
	}, &x.Request.Header)
}
