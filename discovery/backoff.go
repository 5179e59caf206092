package discovery

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is the pause between failing tries. It starts at Min, doubles with
// each failure up to Max, and every pause is drawn from the upper half of that
// span, so that a thousand sidecars do not ask a returning registry at once.
//
// The zero value pauses for 250 ms at first and 5 s at most. A Backoff belongs
// to one goroutine.
type Backoff struct {
	Min   time.Duration // first pause; 0 = 250 ms
	Max   time.Duration // longest pause; 0 = 5 s
	pause time.Duration
}

// Next is how long to pause after one more failure.
func (b *Backoff) Next() time.Duration {
	shortest, longest := b.Min, b.Max
	if shortest <= 0 {
		shortest = 250 * time.Millisecond
	}
	if longest <= 0 {
		longest = 5 * time.Second
	}
	b.pause = min(max(2*b.pause, shortest), longest)
	return b.pause/2 + rand.N(b.pause/2+1)
}

// Reset forgets the failures; call it after a success.
func (b *Backoff) Reset() { b.pause = 0 }

// Pause waits for d or for the end of ctx, whichever comes first, and reports
// whether d passed in full.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Jitter spreads d by up to a tenth in either direction.
func Jitter(d time.Duration) time.Duration {
	tenth := d / 10
	if tenth <= 0 {
		return d
	}
	return d - tenth + rand.N(2*tenth+1)
}
