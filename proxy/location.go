package proxy

import (
	"sync/atomic"
	"time"

	"pingap-go/plugin"
	"pingap-go/route"
	"pingap-go/telemetry/metrics"
)

// Location is the compiled form of one [locations.NAME] section: what happens to
// a request that its route was chosen for. The engine fills it; it is not
// changed once requests use it.
type Location struct {
	Name     string
	Upstream string
	// Route is the configured path, for traces.
	Route string
	// Handler is the linked plugin chain; its last handler is usually a Forward.
	Handler plugin.Handler
	// Rewrite changes the path before the chain runs; nil leaves it.
	Rewrite *route.Rewrite
	// RequestHeaders are applied to what the upstream gets, ResponseHeaders to
	// what the client gets.
	RequestHeaders, ResponseHeaders *plugin.HeaderRules
	// ForwardedHeaders adds X-Forwarded-* and X-Real-IP.
	ForwardedHeaders bool
	// MaxBody is the largest request body in bytes; 0 = no bound.
	MaxBody int64
	// MaxProcessing is how many requests may be under way; 0 = no bound.
	MaxProcessing int64
	// Processing counts them. All servers and generations of a location share it.
	Processing *atomic.Int64
	// Websocket allows upgrades.
	Websocket bool
	// Timeout bounds the whole exchange, ConnectTimeout a dial, ResponseTimeout
	// the wait for a response head; 0 = none.
	Timeout, ConnectTimeout, ResponseTimeout time.Duration
	// Attempts overrides the upstream's number of tries; 0 leaves it.
	Attempts int
	Metrics  *metrics.Route
}

// enter counts a request in, unless the location is full.
func (l *Location) enter() bool {
	if n := l.Processing.Add(1); l.MaxProcessing > 0 && n > l.MaxProcessing {
		l.Processing.Add(-1)
		return false
	}
	return true
}

func (l *Location) leave() { l.Processing.Add(-1) }
