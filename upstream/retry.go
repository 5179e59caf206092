package upstream

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"pingap-go/balance"
	"pingap-go/health"
)

// Reason is why a try did not give the response that was hoped for. It is the
// word of `retry.on`, of metrics and of logs.
type Reason string

// The reasons. Statuses are reasons too: "502", "503", "504" and so on.
const (
	ConnectFailed Reason = "connect"
	Reset         Reason = "reset"
	Timeout       Reason = "timeout"
	BadResponse   Reason = "bad_response"
	// Refused: the host said that it has not begun with the request. It counts as
	// "connect" in `retry.on`.
	Refused    Reason = "refused"
	ClientGone Reason = "client"
	Hedged     Reason = "hedge" // dropped because another host was quicker
)

// StatusReason is the reason that a status is.
func StatusReason(status int) Reason {
	switch status { // the usual ones without making a string
	case 500:
		return "500"
	case 502:
		return "502"
	case 503:
		return "503"
	case 504:
		return "504"
	}
	return Reason(strconv.Itoa(status))
}

// outcome is the evidence that a failed try gives about its host.
func (r Reason) outcome() health.Outcome {
	switch r {
	case ConnectFailed:
		return health.ConnectFailed
	case Timeout:
		return health.TimedOut
	case ClientGone, Hedged:
		return health.ClientAborted
	case Reset, BadResponse:
		return health.Reset
	}
	return health.ServerError
}

// Retry says how often and when a request is tried again on another host.
type Retry struct {
	// Attempts is how many tries there are in all; 0 and 1 mean one.
	Attempts int
	// On lists the reasons that allow another try. Empty means: connect for all
	// requests; reset, timeout, 502, 503 and 504 for idempotent ones.
	On []Reason
	// PerTryTimeout bounds the wait for one host's response head; 0 leaves the
	// location's response_timeout in force.
	PerTryTimeout time.Duration
	// Backoff is the pause before the first retry; it doubles, with jitter. A
	// failed connect is retried at once.
	Backoff time.Duration
	// ReplayBuffer is the largest request content in bytes that is kept to be
	// sent again.
	ReplayBuffer int64
}

// Retry is how this pool retries.
func (p *Pool) Retry() *Retry { return &p.options.Retry }

// Retryable reports whether a try that ended for that reason may be followed by
// another. safe says that sending the request twice does no harm.
func (p *Pool) Retryable(r Reason, safe bool) bool {
	on := p.options.Retry.On
	if r == Refused {
		r = ConnectFailed // nothing was done with the request in either case
	}
	if len(on) > 0 {
		return slices.Contains(on, r) && (safe || r == ConnectFailed)
	}
	switch r {
	case ConnectFailed:
		return true
	case Reset, Timeout, BadResponse, "502", "503", "504":
		return safe
	}
	return false
}

// Withdraw asks the retry budget for one more try, which begins now.
func (p *Pool) Withdraw(ask *balance.Ask) bool {
	ask.Now = p.now()
	return p.budget.Withdraw(ask.Now)
}

// Retried counts a retry.
func (p *Pool) Retried(r Reason) { p.metrics.Retry(string(r)) }

// Backoff waits before the try after number try. It reports false when ctx has
// ended meanwhile.
func (p *Pool) Backoff(ctx context.Context, r Reason, try int) bool {
	pause := p.options.Retry.Backoff << min(try-1, 6)
	if pause <= 0 || r == ConnectFailed {
		return ctx.Err() == nil
	}
	t := time.NewTimer(pause/2 + rand.N(pause/2+1))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
