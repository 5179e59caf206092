package proxy

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
)

func TestClockEndsWaitsThatLastTooLong(t *testing.T) {
	for name, c := range map[string]struct {
		most, whole time.Duration
		live        func(*clock)
		ends        time.Duration // 0: it does not
	}{
		"nothing happens":               {most: time.Minute, live: func(*clock) {}, ends: time.Minute},
		"something happens, then not":   {most: time.Minute, live: func(k *clock) { steps(k, 10, 50*time.Second) }, ends: 8*time.Minute + 30*time.Second},
		"nobody waits":                  {most: time.Minute, live: func(k *clock) { k.rest() }},
		"no bound":                      {live: func(*clock) {}},
		"the whole has its own":         {most: time.Minute, whole: 100 * time.Second, live: func(k *clock) { steps(k, 10, 50*time.Second) }, ends: 100 * time.Second},
		"the whole ends what rests too": {whole: time.Minute, live: func(k *clock) { k.rest() }, ends: time.Minute},
		"another bound":                 {most: time.Hour, live: func(k *clock) { k.limit(time.Minute); k.touch() }, ends: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(context.Background())
				var k clock
				began := time.Now()
				until := int64(0)
				if c.whole > 0 {
					until = mono.Now() + int64(c.whole)
				}
				k.start(c.most, until, cancel)
				defer k.stop()
				var living sync.WaitGroup
				defer living.Wait()
				living.Go(func() { c.live(&k) })
				var ended time.Duration
				select {
				case <-ctx.Done():
					ended = time.Since(began)
				case <-time.After(24 * time.Hour):
				}
				if off := ended - c.ends; off < 0 || off > time.Minute || c.ends == 0 && ended != 0 {
					t.Errorf("ended after %s, want %s", ended, c.ends)
				}
				if ended > 0 && !errors.Is(context.Cause(ctx), wire.ErrTimeout) {
					t.Errorf("because of %v", context.Cause(ctx))
				}
			})
		})
	}
}

// steps makes n steps of progress.
func steps(k *clock, n int, apart time.Duration) {
	for range n {
		k.touch()
		time.Sleep(apart)
	}
}
