package proxy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// unanswered is an origin that says when it has a request, and answers none.
func unanswered(t *testing.T) (o *origin, asked <-chan struct{}) {
	reached := make(chan struct{}, 10)
	return newOrigin(t, func(v *visit) {
		for {
			if _, _, err := v.request(); err != nil {
				return
			}
			reached <- struct{}{}
		}
	}), reached
}

// A request that waits for its upstream ends with the server, also one whose client
// has sent the next already: bytes that nobody reads lie before the end.
func TestCutOffEndsWhoWaitsForAnUpstream(t *testing.T) { everyTransport(t, cutOffEndsWaits) }

func cutOffEndsWaits(t *testing.T, on transport) {
	for name, next := range map[string]string{
		"one request": "", "half another": "GET /next HT", "a pipeline": get("/next") + get("/last"),
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Census(t)
			o, asked := unanswered(t)
			r := start(t, on(nil), o)
			c := r.dial(t)
			c.send(get("/"))
			<-asked
			if next != "" {
				c.send(next)
			}
			r.cutOff(t)
		})
	}
}

// The next request may have been read together with the first, in part or whole.
func TestCutOffEndsWhatWasReadAhead(t *testing.T) {
	everyTransport(t, func(t *testing.T, on transport) {
		testkit.Census(t)
		o, asked := unanswered(t)
		r := start(t, on(nil), o)
		c := r.dial(t)
		c.send(get("/") + get("/next"))
		<-asked
		c.send(get("/last"))
		r.cutOff(t)
	})
}

// cutOff shuts the server down with no time left, which must not take long.
func (r *rig) cutOff(t *testing.T) {
	t.Helper()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- r.server.Shutdown(over) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("nothing was cut off: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the shutdown goes on")
	}
}
