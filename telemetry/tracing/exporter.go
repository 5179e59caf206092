package tracing

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// tracesPath is where OTLP over HTTP is served by convention.
const tracesPath = "/v1/traces"

// newExporter makes the exporter for an endpoint, or for the environment's when
// that is empty; nil when there is none, or when OTEL_SDK_DISABLED says so.
func newExporter(ctx context.Context, endpoint string, log *slog.Logger) (sdktrace.SpanExporter, error) {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	if endpoint == "" {
		return exporterFromEnvironment(ctx, log)
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("otel endpoint: %w", err)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("otel endpoint %q has no host", endpoint)
	}
	switch u.Scheme {
	case "grpc":
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL("http://"+u.Host))
	case "grpcs":
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL("https://"+u.Host))
	case "http", "https":
		if u.Path == "" || u.Path == "/" {
			u.Path = tracesPath
		}
		return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	}
	return nil, fmt.Errorf("otel endpoint %q is none of http, https, grpc, grpcs", endpoint)
}

// exporterFromEnvironment follows the OpenTelemetry specification for exporters
// (environment variables of the SDK and of the OTLP exporter), and takes an
// endpoint written as in [otel], too.
func exporterFromEnvironment(ctx context.Context, log *slog.Logger) (sdktrace.SpanExporter, error) {
	endpoint := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	if endpoint == "" || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "": // the library passes it over
		log.Warn("the environment's OTLP endpoint is not a URL such as http://host:4318: spans go to this machine")
	case u.Scheme == "grpc" || u.Scheme == "grpcs":
		return newExporter(ctx, endpoint, log)
	}
	protocol := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"))
	switch protocol {
	case "grpc":
		return otlptracegrpc.New(ctx)
	case "", "http/protobuf":
		return otlptracehttp.New(ctx)
	}
	return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL %q is none of grpc, http/protobuf", protocol)
}

// reporting logs the first failure of a row and the success that ends it, where
// the SDK would give every error to a global handler.
type reporting struct {
	sdktrace.SpanExporter
	log     *slog.Logger
	failing atomic.Bool
}

// ExportSpans implements sdktrace.SpanExporter and never fails.
func (r *reporting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := r.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !r.failing.Swap(true):
		r.log.Warn("traces cannot be exported", "spans", len(spans), "error", err)
	case err == nil && r.failing.Swap(false):
		r.log.Info("traces are exported again")
	}
	return nil
}
