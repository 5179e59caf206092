package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"pingap-go/internal/testkit"
)

// receiver is a small OTLP collector that keeps what it gets.
type receiver struct {
	collector.UnimplementedTraceServiceServer
	mu      sync.Mutex
	spans   []*tracepb.Span
	service string
}

// receiver starts a collector of one protocol; its endpoint stands in for ${OTEL}.
func (s *stage) receiver(protocol string) *receiver {
	s.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	r, done := &receiver{}, make(chan struct{})
	if protocol == "grpc" {
		server := grpc.NewServer()
		collector.RegisterTraceServiceServer(server, r)
		go func() {
			defer close(done)
			_ = server.Serve(l)
		}()
		s.Cleanup(func() {
			server.Stop()
			<-done
		})
	} else {
		server := &http.Server{Handler: r}
		go func() {
			defer close(done)
			_ = server.Serve(l)
		}()
		s.Cleanup(func() {
			_ = server.Close()
			<-done
		})
	}
	s.env["OTEL"] = protocol + "://" + l.Addr().String()
	return r
}

// Export implements the gRPC service.
func (r *receiver) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, from := range req.ResourceSpans {
		r.service = attributes(from.Resource.Attributes)["service.name"]
		for _, scope := range from.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// ServeHTTP implements OTLP over HTTP with protobuf bodies.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	message := &collector.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(body, message)
	}
	if req.URL.Path != "/v1/traces" || err != nil {
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	answer, _ := r.Export(req.Context(), message)
	out, _ := proto.Marshal(answer)
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(out)
}

// await waits for n spans and returns them by kind, in order of their start.
func (r *receiver) await(s *stage, n int) (server, client []*tracepb.Span) {
	s.Helper()
	testkit.Eventually(s, 2*patience, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.spans) < n {
			return fmt.Errorf("%d spans of %d have come", len(r.spans), n)
		}
		return nil
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, span := range r.spans {
		if span.Kind == tracepb.Span_SPAN_KIND_SERVER {
			server = append(server, span)
		} else {
			client = append(client, span)
		}
	}
	return server, client
}

// attributes are a span's or a resource's attributes as text.
func attributes(list []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, kv := range list {
		switch v := kv.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			all[kv.Key] = v.StringValue
		case *common.AnyValue_IntValue:
			all[kv.Key] = strconv.FormatInt(v.IntValue, 10)
		}
	}
	return all
}
