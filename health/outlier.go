package health

import "math"

// A success-rate outlier is found by comparing each host with the rest of its
// pool, not with the pool's mean and deviation as Envoy and grpc-go (gRFC A50)
// do. In a pool of n, no host can be further from the mean than sqrt(n-1)
// standard deviations (Samuelson's inequality): with their factor of 1.9, one
// bad host among two, three or four can never be found, however bad it is.
//
// The comparison is the z test for two proportions with the variance pooled
// (NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3). It wants few
// requests where the difference is great and many where it is small, so that a
// host which fails every second request is found after a dozen, and one that
// had two bad answers out of ten is left alone.
const (
	// outlierZ is how many standard errors apart the two rates must be. It is
	// high because the question is asked again and again as failures come in.
	outlierZ = 4
	// outlierMargin is how far apart they must be at least: with many requests
	// the smallest difference becomes significant, but is not worth a host.
	outlierMargin = 0.10
)

// tally is a number of requests and how many of them failed.
type tally struct{ requests, failures uint64 }

func (t tally) plus(o tally) tally  { return tally{t.requests + o.requests, t.failures + o.failures} }
func (t tally) minus(o tally) tally { return tally{t.requests - o.requests, t.failures - o.failures} }

// rate is the share of failures, 0 where there were no requests.
func (t tally) rate() float64 {
	if t.requests == 0 {
		return 0
	}
	return float64(t.failures) / float64(t.requests)
}

// distance is by how many standard errors host fails more often than rest;
// 0 when it does not, when the margin is not reached or one of them is empty.
func distance(host, rest tally) float64 {
	if host.requests == 0 || rest.requests == 0 {
		return 0
	}
	difference := host.rate() - rest.rate()
	if difference < outlierMargin {
		return 0
	}
	pooled := host.plus(rest).rate()
	variance := pooled * (1 - pooled) * (1/float64(host.requests) + 1/float64(rest.requests))
	if variance <= 0 {
		return 0
	}
	return difference / math.Sqrt(variance)
}
