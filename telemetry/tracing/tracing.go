// Package tracing continues W3C trace context through the proxy and, when an
// OTLP endpoint is named, records a server span per request and a client span
// per try.
//
//	tracer, err := tracing.New(ctx, tracing.Options{Endpoint: "grpc://127.0.0.1:4317"})
//	defer tracer.Shutdown(ctx)
//
//	span := tracer.Start(ctx, &tracing.Request{Method: "GET", Header: &request.Header})
//	try := span.Try(&tracing.Try{Address: "10.0.0.1:80"}, &request.Header)
//	try.Done(200, "")
//	span.Done(&tracing.Result{Status: 200})
//
// Without an endpoint Start sees to it that the request bears one valid
// traceparent, and returns a nil Span, on which every method does nothing: no
// SDK, no goroutine, one allocation for requests that came without a trace.
//
// Attributes follow the semantic conventions for HTTP spans. Queries are left
// out, since they may hold secrets. Global state of the otel packages is left alone.
package tracing

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Options say where spans go. The standard OTEL_* environment stands in for
// what is empty, and adds what has no option (headers, certificates, batches).
type Options struct {
	// Endpoint is "http://host:4318", "https://…", "grpc://host:4317" or
	// "grpcs://…". Empty leaves it to OTEL_EXPORTER_OTLP_ENDPOINT and its kin,
	// and turns recording off when they are empty too.
	Endpoint string
	// SampleRatio is the share recorded of the traces that begin here, 0 to 1.
	// At 1 the environment's OTEL_TRACES_SAMPLER decides, and without it all are
	// recorded. A trace that comes with a request goes by its own sampled flag.
	SampleRatio float64
	// ServiceName names this program in traces. Empty leaves it to
	// OTEL_SERVICE_NAME, and then to Name.
	ServiceName string
	Name        string
	Version     string
	// Log hears when exporting begins to fail and when it works again. Not nil.
	Log *slog.Logger
}

// Tracer makes spans. A nil Tracer, like one without an endpoint, makes none.
// Its methods may be called from any goroutine.
type Tracer struct {
	provider *sdktrace.TracerProvider // nil when off
	tracer   trace.Tracer
	context  propagation.TraceContext
}

// New makes a tracer. It does not wait for the endpoint to answer: spans are
// sent in batches by one goroutine from a bounded queue, and lost while nobody
// takes them. Shutdown ends it.
func New(ctx context.Context, o Options) (*Tracer, error) {
	exporter, err := newExporter(ctx, o.Endpoint, o.Log)
	if err != nil {
		return nil, fmt.Errorf("set up tracing: %w", err)
	}
	if exporter == nil {
		return &Tracer{}, nil
	}
	about, err := describe(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("set up tracing: %w", err)
	}
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(about),
		sdktrace.WithBatcher(&reporting{SpanExporter: exporter, log: o.Log}),
	}
	if o.SampleRatio < 1 {
		options = append(options, sdktrace.WithSampler(
			sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.SampleRatio))))
	}
	provider := sdktrace.NewTracerProvider(options...)
	return &Tracer{provider: provider, tracer: provider.Tracer("pingap")}, nil
}

// describe is what the spans say of the program that made them.
func describe(ctx context.Context, o Options) (*resource.Resource, error) {
	explicit := []attribute.KeyValue{semconv.ServiceVersion(o.Version)}
	if o.ServiceName != "" {
		explicit = append(explicit, semconv.ServiceName(o.ServiceName))
	}
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(o.Name)),
		resource.WithFromEnv(), // OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME
		resource.WithAttributes(explicit...),
	)
}

// Enabled reports whether spans are recorded.
func (t *Tracer) Enabled() bool { return t != nil && t.provider != nil }

// Shutdown sends what is queued and ends the goroutine, or gives up when ctx is
// over. Spans made afterwards are lost.
func (t *Tracer) Shutdown(ctx context.Context) error {
	if !t.Enabled() {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("flush traces: %w", err)
	}
	return nil
}
