package upstream

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"pingap-go/balance"
	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream/limit"
)

// Options make a Pool. Name, Policy, Metrics, Watchdog and Log are required; the
// zero value of the rest is a sensible pool.
type Options struct {
	Name      string
	Discovery string            // the kind's name, for people
	Algorithm string            // the policy's name, for people
	Watcher   discovery.Watcher // nil = whoever owns the pool tells it, as its discovery.Sink
	Policy    balance.Policy
	Key       balance.Key // what the policy hashes
	Cookie    string      // name of the sticky cookie; "" = not sticky
	Sticky    bool
	// InFlight is the counter that Policy was given in its Settings, that of the
	// pool before if there is one; nil makes one.
	InFlight *atomic.Int64

	Check    *health.Check // active probes; nil = none
	Probe    health.Probe
	Ejection health.Rules
	Retry    Retry
	Budget   *limit.Budget // pays for retries and hedges
	Hedge    Hedge
	// Gate bounds the requests in flight; nil = no bound. Adaptive, when not nil,
	// moves its limit by the latency.
	Gate     *limit.Gate
	Adaptive *limit.Adaptive
	// KeepEmpty keeps the members when the registry says there are none
	// (on_empty = "keep").
	KeepEmpty bool
	// Panic is the share of eligible hosts below which all of them are used;
	// 0 = only when none is left.
	Panic     float64
	SlowStart time.Duration // 0 = off
	// MaxPerHost bounds the requests in flight to one host; 0 = no bound.
	MaxPerHost int64

	TLS               *tls.Config   // nil = plain
	Protocol          Protocol      // spoken to the hosts
	IdleTimeout       time.Duration // of kept connections; 0 = no bound
	KeepalivePool     int           // kept connections per host
	KeepaliveRequests int           // requests on one connection; 0 = no bound

	// Seed is the membership that was saved last; it serves when the registry is
	// late. nil = nothing was.
	Seed *endpoint.Snapshot
	// Save keeps a good snapshot for the next start; nil = does not. It may take
	// its time: it is called on a goroutine of its own.
	Save func(endpoint.Snapshot) error

	// Now is the monotonic clock of requests, in nanoseconds; nil = mono.Now. It is
	// called on the request path.
	Now func() int64

	Metrics  *metrics.Upstream
	Watchdog *wire.Watchdog
	Log      *slog.Logger

	transport *http.Transport // shared by the hosts' sessions
}
