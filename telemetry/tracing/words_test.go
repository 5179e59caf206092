package tracing

import (
	"runtime"
	"strings"
	"testing"

	"pingap-go/message"
)

// What a client says need be neither text nor short. Its span is sent like any other,
// and so are those that are sent together with it.
func TestWhateverClientsSaySpansArrive(t *testing.T) {
	for scheme, serve := range map[string]func(*testing.T, *receiver) string{"grpc": overGRPC, "http": overHTTP} {
		t.Run(scheme, func(t *testing.T) {
			r := &receiver{spans: make(chan received, 10)}
			tracer := start(t, Options{Endpoint: scheme + "://" + serve(t, r), SampleRatio: 1, Name: "edge"})
			agents := []string{"browser", "brow\xffser", strings.Repeat("é", 30<<10)}
			for _, agent := range agents {
				h := new(message.Header)
				h.Add("User-Agent", agent)
				tracer.Start(t.Context(), &Request{Method: "GET", Path: "/", Header: h}).Done(&Result{Status: 200})
			}
			flush(t, tracer)
			close(r.spans)
			for _, agent := range agents {
				span := <-r.spans
				if span.Span == nil {
					t.Fatalf("no span of %.10q has arrived", agent)
				}
				got := attributes(span.Attributes)["user_agent.original"]
				if len(got) > longestWords+len("\uFFFD") || !strings.HasPrefix(got, agent[:2]) {
					t.Errorf("%.10q became %.10q, of %d bytes", agent, got, len(got))
				}
			}
		})
	}
}

// Spans that wait for a receiver which is away do not keep the heads of their requests.
func TestSpansThatWaitHoldNoHeads(t *testing.T) {
	tracer := start(t, Options{Endpoint: "http://127.0.0.1:1", SampleRatio: 1, Name: "edge"})
	const heads, size = 32, 512 << 10
	before := heapInUse()
	for range heads {
		head := "GET /path host.example agent vendor=1 192.0.2.1" + strings.Repeat(" ", size)
		words := strings.Fields(head)
		h := new(message.Header)
		h.Add("User-Agent", words[3])
		h.Add("traceparent", parent)
		h.Add("tracestate", words[4])
		r := &Request{Method: words[0], Path: words[1], Authority: words[2], ClientIP: words[5], Header: h}
		span := tracer.Start(t.Context(), r)
		span.Try(&Try{Upstream: "u", Address: "192.0.2.2:80", Number: 1}, h).Done(200, "")
		span.Done(&Result{Status: 200})
	}
	if held := heapInUse() - before; held > heads*size/4 {
		t.Errorf("%d spans hold %d KB", heads, held>>10)
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
