package metrics

import "time"

// Route counts the requests that one server sent through one location to one
// upstream. A request that found no location has a Route with both empty.
type Route struct {
	metrics  *Metrics
	key      routeKey
	codes    *series[int]
	duration *histogram
}

type routeKey struct{ server, location, upstream string }

// durationKey is narrower than routeKey: a histogram costs twenty series.
type durationKey struct{ server, location string }

// Route returns the instrument for requests of server through location to
// upstream; all three are names from the configuration, or empty.
func (m *Metrics) Route(server, location, upstream string) *Route {
	key := routeKey{server, location, upstream}
	return m.routes.acquire(key, func() *Route {
		shared := durationKey{server, location}
		return &Route{
			metrics:  m,
			key:      key,
			codes:    newCodes(m.requests, server, location, upstream),
			duration: m.durations.acquire(shared, func() *histogram { return m.duration.with(server, location) }),
		}
	})
}

// Done records one request: the status sent to the client (0 when it got none)
// and the time from its first byte read to the last byte sent.
func (r *Route) Done(code int, took time.Duration) {
	r.codes.inc(boundCode(code))
	r.duration.observe(took)
}

// Release ends the route's series with the last holder's call.
func (r *Route) Release() {
	m := r.metrics
	m.routes.release(r.key, func() {
		r.codes.close()
		m.durations.release(durationKey{r.key.server, r.key.location}, r.duration.close)
	})
}
