package discovery

import (
	"context"
	"time"

	"pingap-go/endpoint"
)

// Answer is what one look into a registry brought.
type Answer struct {
	// Snapshot is the whole membership.
	Snapshot endpoint.Snapshot
	// Next is when to ask again, at the latest; the loop adds jitter.
	Next time.Duration
	// Doubt says why a part of the snapshot is older than the rest (see Reporter);
	// nil when all of it is fresh.
	Doubt error
}

// Ask looks into a registry once. It ends soon after ctx does. An error means
// that nothing was learned.
type Ask func(ctx context.Context) (Answer, error)

// PollOptions tune Poll. The zero value is good.
type PollOptions struct {
	// Backoff paces the tries after an error.
	Backoff Backoff
	// Timeout bounds one Ask; 0 = 10 s.
	Timeout time.Duration
}

// Poll is the loop of the kinds whose registry can be asked but not watched. It
// asks, publishes to sink, waits and asks again until ctx ends, one question at
// a time. An error is reported, the pause grows, and what was published stays.
func Poll(ctx context.Context, sink Sink, o PollOptions, ask Ask) {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	reporter := Reporter{Sink: sink}
	for ctx.Err() == nil {
		answer, err := askOnce(ctx, o.Timeout, ask)
		pause := Jitter(answer.Next)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			sink.Fail(err)
			pause = o.Backoff.Next()
		default:
			o.Backoff.Reset()
			reporter.Say(answer.Snapshot, answer.Doubt)
		}
		if !Pause(ctx, pause) {
			return
		}
	}
}

func askOnce(ctx context.Context, timeout time.Duration, ask Ask) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return ask(ctx)
}

const (
	defaultRefresh  = time.Second
	longestInterval = 5 * time.Minute
)

// Interval is when to ask DNS again: after ttl, but not before refresh (0 = 1 s)
// and not after 5 minutes; earlier when a hold ends in between. expiry is the
// time to that, 0 when none runs.
func Interval(ttl, refresh, expiry time.Duration) time.Duration {
	if refresh <= 0 {
		refresh = defaultRefresh
	}
	interval := max(min(ttl, longestInterval), refresh)
	if expiry > 0 {
		interval = min(interval, max(expiry, 10*time.Millisecond))
	}
	return interval
}
