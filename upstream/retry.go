package upstream

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"pingap-go/balance"
)

// Retry says how often and when a request is tried again on another host.
type Retry struct {
	// Attempts is how many tries there are in all; 0 and 1 mean one.
	Attempts int
	// On lists what allows another try, in the words of `retry.on`. Empty means:
	// connect for all requests; reset, timeout, 502, 503 and 504 for idempotent ones.
	On []Reason
	// PerTryTimeout bounds the wait for one host's response head; 0 leaves the
	// location's response_timeout in force.
	PerTryTimeout time.Duration
	// Backoff is the pause before the second retry; it doubles, with jitter. The
	// first goes to another host at once, if there is one, and a failed connect is
	// always retried at once.
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
	r = r.on()
	if len(on) > 0 {
		return slices.Contains(on, r) && (safe || r == onConnect)
	}
	switch r {
	case onConnect:
		return true
	case Reset, onTimeout, BadResponse, "502", "503", "504":
		return safe
	}
	return false
}

// Withdraw asks the retry budget for one more try, which begins now.
func (p *Pool) Withdraw(ask *balance.Ask) bool {
	p.Renew(ask)
	return p.budget.Withdraw(ask.Now)
}

// Renew readies ask for one more try, which begins now.
func (p *Pool) Renew(ask *balance.Ask) { ask.Now = p.now() }

// Untried reports whether a host is left that had no try for this request, as far
// as that is remembered: of balance.MaxTried hosts.
func (p *Pool) Untried(ask *balance.Ask) bool { return p.view.Load().untried(ask) }

// Retried counts a retry.
func (p *Pool) Retried(r Reason) { p.metrics.Retry(string(r)) }

// Backoff waits before the try after number try; other says that it goes to a host
// that had none. It reports false when ctx has ended meanwhile.
func (p *Pool) Backoff(ctx context.Context, r Reason, try int, other bool) bool {
	pause := p.options.Retry.Backoff << min(max(try-2, 0), 6)
	if pause <= 0 || other && try == 1 || r.on() == onConnect && r != Refused {
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
