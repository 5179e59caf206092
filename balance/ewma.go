package balance

// EWMA is a peak-sensitive exponentially weighted moving average of latency.
type EWMA struct{}
