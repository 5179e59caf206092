package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Server counts what one server holds right now. Its methods are one atomic add
// each and may be called from any goroutine.
type Server struct {
	metrics *Metrics
	name    string

	// The counters stand on a cache line of their own: every connection of the
	// server writes to them.
	_            [64]byte
	open         atomic.Int64 // connections
	busy         atomic.Int64 // connections that serve a request or a tunnel
	began, ended atomic.Int64 // requests since ever
	_            [32]byte

	ungreeted atomic.Int64 // TLS handshakes that failed, since ever
}

// Server returns the instrument of the named server. Release it when the
// server has closed its last connection.
func (m *Metrics) Server(name string) *Server {
	return m.servers.acquire(name, func() *Server { return &Server{metrics: m, name: name} })
}

// Opened counts a connection in, as idle.
func (s *Server) Opened() { s.open.Add(1) }

// Closed counts a connection out; it must be idle again by then.
func (s *Server) Closed() { s.open.Add(-1) }

// Busy says that an idle connection has begun to serve.
func (s *Server) Busy() { s.busy.Add(1) }

// Idle says that a busy connection waits for its next request, or is about to close.
func (s *Server) Idle() { s.busy.Add(-1) }

// Begin counts a request in.
func (s *Server) Begin() { s.began.Add(1) }

// End counts a request out.
func (s *Server) End() { s.ended.Add(1) }

// HandshakeFailed counts a TLS handshake that came to nothing.
func (s *Server) HandshakeFailed() { s.ungreeted.Add(1) }

// HandshakeFailures is how many have since the server was made.
func (s *Server) HandshakeFailures() int64 { return s.ungreeted.Load() }

// Requests is how many have begun since the server was made.
func (s *Server) Requests() int64 { return s.began.Load() }

// inFlight is how many are being served. An end is counted after its beginning,
// so ended is read first.
func (s *Server) inFlight() int64 {
	ended := s.ended.Load()
	return s.began.Load() - ended
}

// Release ends the server's series with the last holder's call.
func (s *Server) Release() { s.metrics.servers.release(s.name, func() {}) }

// serverStates collects what there is of all servers at the scrape.
type serverStates Metrics

var (
	inFlightDesc = prometheus.NewDesc("pingap_requests_in_flight",
		"Requests being served now.", []string{"server"}, nil)
	connectionsDesc = prometheus.NewDesc("pingap_connections",
		"Client connections now: active ones serve a request or a tunnel, idle ones wait.",
		[]string{"server", "state"}, nil)
	handshakesDesc = prometheus.NewDesc("pingap_tls_handshake_failures_total",
		"TLS handshakes of clients that came to nothing.", []string{"server"}, nil)
)

// Describe implements prometheus.Collector.
func (c *serverStates) Describe(out chan<- *prometheus.Desc) {
	out <- inFlightDesc
	out <- connectionsDesc
	out <- handshakesDesc
}

// Collect implements prometheus.Collector.
func (c *serverStates) Collect(out chan<- prometheus.Metric) {
	for _, s := range c.servers.all() {
		busy := s.busy.Load()
		idle := max(s.open.Load()-busy, 0)
		out <- gauge(inFlightDesc, float64(s.inFlight()), s.name)
		out <- gauge(connectionsDesc, float64(busy), s.name, "active")
		out <- gauge(connectionsDesc, float64(idle), s.name, "idle")
		out <- prometheus.MustNewConstMetric(handshakesDesc, prometheus.CounterValue, float64(s.HandshakeFailures()), s.name)
	}
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}
