package tracing

import (
	"bytes"
	"context"
	"encoding/hex"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"pingap-go/message"
)

// start makes a tracer that the test ends.
func start(t *testing.T, o Options) *Tracer {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	tracer, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { flush(t, tracer) })
	return tracer
}

func flush(t *testing.T, tracer *Tracer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := tracer.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// exchange is a request whose first try fails and whose second is answered. It
// returns the traceparents that the two endpoints saw.
func exchange(tracer *Tracer, h *message.Header) (first, second string) {
	span := tracer.Start(context.Background(), &Request{
		Method: "GET", Scheme: "http", Authority: "shop.example:8080", Path: "/cart", Version: "1.1",
		ClientIP: "192.0.2.7", PeerIP: "10.0.0.1", PeerPort: "4711", Server: "http", Header: h,
	})
	try := span.Try(&Try{Upstream: "backend", Address: "10.0.0.2:80", Number: 1}, h)
	first = h.Known(message.Traceparent)
	try.Done(0, "connect_failed")
	try = span.Try(&Try{Upstream: "backend", Address: "10.0.0.3:80", Number: 2}, h)
	second = h.Known(message.Traceparent)
	try.Done(200, "")
	span.Done(&Result{Status: 200, Location: "api", Upstream: "backend", Route: "/cart"})
	return first, second
}

func TestSpansReachARealReceiver(t *testing.T) {
	for name, c := range map[string]struct {
		serve  func(*testing.T, *receiver) string
		option func(addr string) string            // [otel] endpoint
		env    func(addr string) map[string]string // or the environment
	}{
		"grpc endpoint": {overGRPC, func(a string) string { return "grpc://" + a }, nil},
		"http endpoint": {overHTTP, func(a string) string { return "http://" + a }, nil},
		"grpc environment": {overGRPC, nil, func(a string) map[string]string {
			return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + a, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
		}},
		"grpc environment, written as in the configuration": {overGRPC, nil, func(a string) map[string]string {
			return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://" + a}
		}},
		"http environment": {overHTTP, nil, func(a string) map[string]string {
			return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + a}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{spans: make(chan received, 16)}
			addr, options := c.serve(t, r), Options{SampleRatio: 1, Name: "edge", Version: "1.2.3"}
			if c.option != nil {
				options.Endpoint = c.option(addr)
			} else {
				for key, value := range c.env(addr) {
					t.Setenv(key, value)
				}
			}
			tracer := start(t, options)
			var h message.Header
			h.Add("traceparent", parent)
			h.Add("tracestate", "vendor=1")
			first, second := exchange(tracer, &h)
			flush(t, tracer)
			close(r.spans)
			checkStory(t, r.spans, first, second)
			if got := h.Get("tracestate"); got != "vendor=1" {
				t.Errorf("tracestate became %q", got)
			}
		})
	}
}

// checkStory wants two client spans below a server span below the client's own.
func checkStory(t *testing.T, spans <-chan received, first, second string) {
	t.Helper()
	byKind := make(map[tracepb.Span_SpanKind][]received)
	for s := range spans {
		byKind[s.Kind] = append(byKind[s.Kind], s)
		if got := hex.EncodeToString(s.TraceId); got != traceID {
			t.Errorf("span %s is in trace %s, want the client's %s", s.Name, got, traceID)
		}
	}
	servers, clients := byKind[tracepb.Span_SPAN_KIND_SERVER], byKind[tracepb.Span_SPAN_KIND_CLIENT]
	if len(servers) != 1 || len(clients) != 2 {
		t.Fatalf("%d server and %d client spans, want 1 and 2", len(servers), len(clients))
	}
	server := servers[0]
	if got := hex.EncodeToString(server.ParentSpanId); got != parent[36:52] {
		t.Errorf("server span's parent is %s, want the client's %s", got, parent[36:52])
	}
	for i, sent := range []string{first, second} {
		if got := "00-" + traceID + "-" + hex.EncodeToString(clients[i].SpanId) + "-01"; got != sent {
			t.Errorf("endpoint %d got traceparent %s, its span is %s", i+1, sent, got)
		}
		if !bytes.Equal(clients[i].ParentSpanId, server.SpanId) {
			t.Errorf("client span %d is not below the server span", i+1)
		}
	}
	want(t, "server", attributes(server.Attributes), "http.request.method=GET url.path=/cart url.scheme=http "+
		"server.address=shop.example server.port=8080 client.address=192.0.2.7 network.peer.address=10.0.0.1 "+
		"network.peer.port=4711 network.protocol.version=1.1 http.response.status_code=200 http.route=/cart "+
		"pingap.server=http pingap.location=api pingap.upstream=backend error.type=")
	want(t, "first try", attributes(clients[0].Attributes), "http.request.method=GET url.full=http://10.0.0.2:80/cart "+
		"server.address=10.0.0.2 server.port=80 network.peer.address=10.0.0.2 error.type=connect_failed http.response.status_code=")
	want(t, "second try", attributes(clients[1].Attributes), "http.request.resend_count=1 http.response.status_code=200 error.type=")
	want(t, "resource", attributes(server.maker.Attributes), "service.name=edge service.version=1.2.3")
	if server.Name != "GET /cart" || clients[0].Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR {
		t.Errorf("server span is %q, first try's status %v", server.Name, clients[0].Status)
	}
}

// want compares attributes with "key=value" words; an empty value means absent.
func want(t *testing.T, who string, got map[string]string, words string) {
	t.Helper()
	for word := range strings.FieldsSeq(words) {
		key, value, _ := strings.Cut(word, "=")
		if got[key] != value {
			t.Errorf("%s: %s = %q, want %q", who, key, got[key], value)
		}
	}
}

func TestTheParentDecidesAndThenTheRatio(t *testing.T) {
	for name, c := range map[string]struct {
		ratio float64
		sent  string
		want  int
	}{
		"parent sampled, ratio 0":     {0, parent, 3},
		"parent not sampled, ratio 1": {1, parent[:53] + "00", 0},
		"no parent, ratio 0":          {0, "", 0},
		"no parent, ratio 1":          {1, "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{spans: make(chan received, 16)}
			tracer := start(t, Options{Endpoint: "http://" + overHTTP(t, r), SampleRatio: c.ratio})
			var h message.Header
			if c.sent != "" {
				h.Add("traceparent", c.sent)
			}
			first, _ := exchange(tracer, &h)
			flush(t, tracer)
			if len(r.spans) != c.want {
				t.Errorf("%d spans came, want %d", len(r.spans), c.want)
			}
			if sampled := strings.HasSuffix(first, "-01"); !ValidTraceparent(first) || sampled != (c.want > 0) {
				t.Errorf("endpoint got traceparent %q", first)
			}
		})
	}
}

func TestAnInvalidParentStartsANewTrace(t *testing.T) {
	r := &receiver{spans: make(chan received, 16)}
	tracer := start(t, Options{Endpoint: "http://" + overHTTP(t, r), SampleRatio: 1})
	var h message.Header
	h.Add("traceparent", parent)
	h.Add("traceparent", parent)
	h.Add("tracestate", "vendor=1")
	first, _ := exchange(tracer, &h)
	if !ValidTraceparent(first) || strings.Contains(first, traceID) || h.HasKnown(message.Tracestate) {
		t.Errorf("endpoint got %q and tracestate %q", first, h.Get("tracestate"))
	}
}

func TestADeadReceiverIsSaidOnceAndHoldsNobodyUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
	var said bytes.Buffer
	tracer, err := New(t.Context(), Options{Endpoint: "http://" + listener.Addr().String(), SampleRatio: 1,
		Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		exchange(tracer, new(message.Header))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	begin := time.Now()
	tracer.Shutdown(ctx)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("shutdown took %v beyond its deadline", took)
	}
	if n := strings.Count(said.String(), "traces cannot be exported"); n != 1 {
		t.Errorf("%d lines of failure, want 1: %s", n, said.String())
	}
}

func TestOffWithoutAnEndpoint(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"nothing":           {},
		"disabled SDK":      {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
		"exporter is none":  {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
		"other OTEL things": {"OTEL_SERVICE_NAME": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range env {
				t.Setenv(key, value)
			}
			if tracer := start(t, Options{SampleRatio: 1}); tracer.Enabled() {
				t.Error("tracing is on")
			}
		})
	}
}

// The library passes over what is no URL and sends spans to its own default.
func TestAnEndpointInTheEnvironmentThatIsNoURLIsLogged(t *testing.T) {
	for endpoint, want := range map[string]int{"127.0.0.1:4318": 1, "collector:4318": 1, "http://127.0.0.1:1": 0} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
		var journal strings.Builder
		tracer, err := New(t.Context(), Options{SampleRatio: 1, Log: slog.New(slog.NewTextHandler(&journal, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(journal.String(), "the environment's OTLP endpoint"); got != want {
			t.Errorf("%s: %d lines about it, want %d", endpoint, got, want)
		}
		flush(t, tracer)
	}
}

func TestWrongEndpointsAreNamed(t *testing.T) {
	for _, endpoint := range []string{"localhost:4317", "udp://localhost:1", "http://", "://"} {
		if _, err := New(t.Context(), Options{Endpoint: endpoint}); err == nil {
			t.Errorf("endpoint %q is taken", endpoint)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
	if _, err := New(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "http/json") {
		t.Errorf("protocol http/json: error %v does not name it", err)
	}
}
