// Package metrics counts what pingap does and shows it to Prometheus.
//
// Whoever serves requests asks for a typed instrument once, when its generation
// is built, and records through it on the request path:
//
//	m := metrics.New(metrics.Build{Version: "1.0.0"})
//	route := m.Route("http", "api", "backend_api") // at build time
//	route.Done(200, 3*time.Millisecond)            // per request: two atomic adds
//	route.Release()                                // when the generation has drained
//
// Instruments with equal names share their series, so counters go on across a
// reload; the series disappear when the last holder has released them. That
// keeps the number of series bounded by the configuration and by the endpoints
// that exist now. Label values never come from a client.
//
// A record takes no lock, looks up no label and allocates nothing, except for
// the first time a series sees a new status code. BenchmarkRequest holds the sum
// for one request.
//
// What is a state and not an event (endpoints by verdict, staleness, age) is
// asked for at the scrape, through Pools. The package knows nothing of pools,
// routes or HTTP messages; its names are those of docs/operations.md.
package metrics

import (
	"log/slog"
	"net/http"
	"runtime"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pingap-go/internal/pace"
)

// Build says which program runs; it becomes the labels of pingap_build_info.
type Build struct {
	Version string
	Commit  string
}

// Metrics is the registry of one process and the source of its instruments.
// All methods may be called from any goroutine; none is for the request path.
type Metrics struct {
	registry *prometheus.Registry

	requests         *family
	duration         *durations
	upstreamRequests *family
	upstreamDuration *durations
	failures         *family
	retries          *family
	ejections        *family
	updates          *family
	reloads          *prometheus.CounterVec
	generation       prometheus.Gauge

	servers   shared[string, *Server]
	routes    shared[routeKey, *Route]
	upstreams shared[string, *Upstream]
	endpoints shared[endpointKey, *Endpoint]
	durations shared[durationKey, *histogram]

	pools atomic.Pointer[func() []Pool]
}

// New makes an empty registry with Go's and the process's own metrics in it.
func New(build Build) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: newFamily("pingap_requests_total",
			"Requests answered, by the code sent to the client.", "server", "location", "upstream", "code"),
		duration: newDurations("pingap_request_duration_seconds",
			"Time from the first byte of a request to the last byte of its answer.", "server", "location"),
		upstreamRequests: newFamily("pingap_upstream_requests_total",
			"Tries sent to an endpoint, by its answer; code \"other\" when it gave none.", "upstream", "endpoint", "code"),
		upstreamDuration: newDurations("pingap_upstream_duration_seconds",
			"Time from the start of a try to the head of the endpoint's answer.", "upstream"),
		failures: newFamily("pingap_upstream_failures_total",
			"Tries that gave no whole answer, by what went wrong.", "upstream", "reason"),
		retries: newFamily("pingap_upstream_retries_total",
			"Tries after the first, by what made them necessary.", "upstream", "reason"),
		ejections: newFamily("pingap_upstream_ejections_total",
			"Endpoints taken out on passive evidence.", "upstream", "reason"),
		updates: newFamily("pingap_discovery_updates_total",
			"Answers of the registry: success, or failure when the last good one was kept.", "upstream", "result"),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pingap_config_reloads_total", Help: "Loads of the configuration.",
		}, []string{"result"}),
		generation: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "pingap_config_generation", Help: "Number of the generation that serves.",
		}),
	}
	m.reloads.WithLabelValues(Success)
	m.reloads.WithLabelValues(Failure)
	m.registry.MustRegister(
		m.requests, m.duration, m.upstreamRequests, m.upstreamDuration, m.failures, m.retries, m.ejections,
		m.updates, m.reloads, m.generation, buildInfo(build), (*serverStates)(m), (*poolStates)(m),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// The values of the label "result".
const (
	Success = "success"
	Failure = "failure"
)

// Reloaded counts one load of the configuration. After a success, generation is
// the number of the one that serves now; after a failure it is not looked at.
func (m *Metrics) Reloaded(result string, generation uint64) {
	m.reloads.WithLabelValues(result).Inc()
	if result == Success {
		m.generation.Set(float64(generation))
	}
}

// AccessLogDropped shows a total that the access log's writer keeps: lines that
// found its queue full. It may be called once.
func (m *Metrics) AccessLogDropped(total func() uint64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "pingap_access_log_dropped_total",
		Help: "Access lines lost because the output was too slow or failed.",
	}, func() float64 { return float64(total()) }))
}

// Handler answers scrapes, in the text or the protobuf format by Accept. At most
// four run at once; an error in one family is logged and the others are sent.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	scrapes := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
		DisableCompression:  true, // for large scrapes it takes more time than the network
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &paced{ResponseWriter: w}
		answer.pace.Begin()
		scrapes.ServeHTTP(answer, r)
	})
}

// paced is an answer that is written with rests.
type paced struct {
	http.ResponseWriter
	pace pace.Pace
}

func (p *paced) Write(text []byte) (int, error) {
	p.pace.Rest()
	return p.ResponseWriter.Write(text)
}

func buildInfo(build Build) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "pingap_build_info", Help: "Always 1; the labels say which program runs.",
		ConstLabels: prometheus.Labels{
			"version": build.Version, "commit": build.Commit, "go": runtime.Version(),
		},
	})
	info.Set(1)
	return info
}
