// Package limit keeps a pool from doing more than is good for it. It holds
// three independent parts, all of which take the time from the caller or do not
// need it, and none of which knows of pools, hosts or HTTP:
//
// A Budget bounds retries and hedges to a share of the requests, so that a
// service in trouble is not buried under them.
//
//	budget.Deposit(now) // once a request
//	if budget.Withdraw(now) {
//		// one retry is paid for
//	}
//
// A Gate bounds the requests in flight, with a short queue before it.
//
//	if err := gate.Acquire(ctx); err != nil {
//		// ErrFull or ErrQueueTimeout: shed the request
//	}
//	defer gate.Release()
//
// An Adaptive finds out from latencies how many requests in flight are good for
// an upstream; the pool hands what it finds to the Gate.
//
//	if adaptive.Observe(now, latency, inFlight) {
//		gate.SetLimit(adaptive.Limit())
//	}
//
// What happens to a request that is turned away is the caller's business, and
// so is the choice of what a retry is.
package limit
