package tracing

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"pingap-go/message"
)

// Span is the server span of one request. A nil Span records nothing. It belongs
// to the request's goroutine.
type Span struct {
	tracer *Tracer
	ctx    context.Context
	span   trace.Span
	method string
	scheme string
	path   string
}

// Start begins the span of a request: it continues the trace that r.Header
// bears, or starts one, and writes the new context into that header. With
// tracing off it does what Continue does and returns nil.
func (t *Tracer) Start(ctx context.Context, r *Request) *Span {
	if !t.Enabled() {
		Continue(r.Header)
		return nil
	}
	ctx = t.context.Extract(ctx, carrier{r.Header})
	ctx, span := t.tracer.Start(ctx, spanMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer))
	if span.IsRecording() {
		span.SetAttributes(requestAttributes(r)...)
	}
	s := &Span{tracer: t, ctx: ctx, span: span, method: r.Method, scheme: r.Scheme, path: r.Path}
	t.inject(ctx, r.Header)
	return s
}

// Context bears the span, for clients that a plugin uses. It is the Background
// for a nil Span.
func (s *Span) Context() context.Context {
	if s == nil {
		return context.Background()
	}
	return s.ctx
}

// Try begins the client span of one try and writes its context into the header
// that goes to the endpoint.
func (s *Span) Try(try *Try, h *message.Header) *TrySpan {
	if s == nil {
		return nil
	}
	ctx, span := s.tracer.tracer.Start(s.ctx, spanMethod(s.method), trace.WithSpanKind(trace.SpanKindClient))
	if span.IsRecording() {
		span.SetAttributes(tryAttributes(s, try)...)
	}
	s.tracer.inject(ctx, h)
	return &TrySpan{span: span}
}

// Done ends the span when the answer is over.
func (s *Span) Done(r *Result) {
	if s == nil {
		return
	}
	if s.span.IsRecording() {
		if r.Route != "" {
			s.span.SetName(spanMethod(s.method) + " " + r.Route)
		}
		s.span.SetAttributes(resultAttributes(r)...)
		if r.Status >= 500 || r.Status == 0 {
			s.span.SetStatus(codes.Error, "")
		}
	}
	s.span.End()
}

// TrySpan is the client span of one try. A nil TrySpan records nothing.
type TrySpan struct {
	span trace.Span
}

// Done ends the span at the head of the endpoint's answer, or at the failure:
// status is 0 when there was no answer, and failure a word for what went wrong
// ("connect_failed", "upstream_timeout"), or empty.
func (s *TrySpan) Done(status int, failure string) {
	if s == nil {
		return
	}
	if s.span.IsRecording() {
		s.span.SetAttributes(answerAttributes(status, failure, 400)...)
		if status >= 400 || status == 0 {
			s.span.SetStatus(codes.Error, failure)
		}
	}
	s.span.End()
}

// inject replaces the trace context in h by that of ctx.
func (t *Tracer) inject(ctx context.Context, h *message.Header) {
	h.Del("tracestate") // the propagator leaves it alone when ours is empty
	t.context.Inject(ctx, carrier{h})
}

// carrier lets the propagator read and write a message's header.
type carrier struct{ h *message.Header }

// Get gives the only traceparent (two are none, W3C Trace Context section 3.2)
// or all tracestates as one list (section 3.3.1.1). It is a copy, as wordsOf says.
func (c carrier) Get(key string) string {
	var values []string
	for _, f := range c.h.Fields() {
		if message.EqualFold(f.Name, key) {
			values = append(values, f.Value)
		}
	}
	if len(values) > 1 && key == "traceparent" {
		return ""
	}
	return strings.Clone(strings.Join(values, ","))
}

// Set replaces the field.
func (c carrier) Set(key, value string) { c.h.Set(key, value) }

// Keys lists the names, as propagation.TextMapCarrier wants.
func (c carrier) Keys() []string {
	var names []string
	for name := range c.h.All() {
		names = append(names, name)
	}
	return names
}
