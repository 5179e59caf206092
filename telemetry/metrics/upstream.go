package metrics

import "time"

// Upstream counts what happens in one pool.
type Upstream struct {
	metrics   *Metrics
	name      string
	duration  *histogram
	failures  *series[string]
	retries   *series[string]
	ejections *series[string]
	updates   *series[string]
}

// Upstream returns the instrument of the named upstream. Release it when its
// pool is gone.
func (m *Metrics) Upstream(name string) *Upstream {
	return m.upstreams.acquire(name, func() *Upstream {
		u := &Upstream{
			metrics:   m,
			name:      name,
			duration:  m.upstreamDuration.with(name),
			failures:  newReasons(m.failures, name),
			retries:   newReasons(m.retries, name),
			ejections: newReasons(m.ejections, name),
			updates:   newReasons(m.updates, name),
		}
		u.updates.expect(Success, Failure)
		u.failures.expect(failures...)
		u.retries.expect("connect", "connect_timeout", "reset", "head_timeout", "try_timeout", "502", "503", "504")
		u.ejections.expect("consecutive_failures", "success_rate", "failed_trial")
		return u
	})
}

// Answered records how long a try took to the head of the endpoint's answer.
func (u *Upstream) Answered(took time.Duration) { u.duration.observe(took) }

// failures are the reasons that most alerts are about.
var failures = []string{
	"connect", "connect_timeout", "reset", "head_timeout", "try_timeout", "total_timeout", "idle_timeout",
}

// Failure counts a try that gave no whole answer; reason is a word of our own
// code, such as those of failures.
func (u *Upstream) Failure(reason string) { u.failures.inc(reason) }

// Retry counts a try after the first; reason is that of the failure before it, or
// the status as text.
func (u *Upstream) Retry(reason string) { u.retries.inc(reason) }

// Ejection counts an endpoint taken out on passive evidence; reason is a word
// of our own code.
func (u *Upstream) Ejection(reason string) { u.ejections.inc(reason) }

// Update counts an answer of the registry; result is Success or Failure.
func (u *Upstream) Update(result string) { u.updates.inc(result) }

// Release ends the upstream's series with the last holder's call. Those of its
// endpoints are released on their own.
func (u *Upstream) Release() {
	u.metrics.upstreams.release(u.name, func() {
		u.duration.close()
		u.failures.close()
		u.retries.close()
		u.ejections.close()
		u.updates.close()
	})
}

// Endpoint counts the tries sent to one endpoint of one upstream.
type Endpoint struct {
	codes   *series[int]
	metrics *Metrics
	key     endpointKey
}

type endpointKey struct{ upstream, endpoint string }

// Endpoint returns the instrument of an endpoint. Release it when the endpoint
// has left the registry and its last request is over.
func (u *Upstream) Endpoint(id string) *Endpoint {
	key := endpointKey{u.name, id}
	return u.metrics.endpoints.acquire(key, func() *Endpoint {
		return &Endpoint{metrics: u.metrics, key: key, codes: newCodes(u.metrics.upstreamRequests, u.name, id)}
	})
}

// Done counts one try by the status of its answer, 0 when there was none.
func (e *Endpoint) Done(code int) { e.codes.inc(boundCode(code)) }

// Release ends the endpoint's series with the last holder's call.
func (e *Endpoint) Release() { e.metrics.endpoints.release(e.key, e.codes.close) }
