package discovery_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/discovery"
)

func TestBackoffGrowsToItsCap(t *testing.T) {
	for _, b := range []discovery.Backoff{{}, {Min: time.Second, Max: 8 * time.Second}} {
		shortest, longest := max(b.Min, 250*time.Millisecond), b.Max
		if longest == 0 {
			longest = 5 * time.Second
		}
		span := shortest
		for try := range 12 {
			if pause := b.Next(); pause < span/2 || pause > span {
				t.Errorf("pause %d is %s, want half of %s or more", try, pause, span)
			}
			span = min(2*span, longest)
		}
		b.Reset()
		if pause := b.Next(); pause > shortest {
			t.Errorf("after a success the pause is %s", pause)
		}
	}
}

func TestPauseListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if !discovery.Pause(t.Context(), time.Minute) || time.Since(start) != time.Minute {
			t.Error("the pause was not kept")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if discovery.Pause(ctx, time.Minute) || time.Since(start) != time.Second {
			t.Error("the pause outlived its context")
		}
	})
}

func TestJoin(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	if discovery.Join(nil, nil) != nil || discovery.Join(a, nil) != a || discovery.Join(nil, b) != b {
		t.Error("nothing joined changes")
	}
	if both := discovery.Join(a, b); both.Error() != "a; b" || !errors.Is(both, a) || !errors.Is(both, b) {
		t.Errorf("joined they are %v", both)
	}
}

func TestAddresses(t *testing.T) {
	good := []string{"10.0.0.1:80", "[::1]:80", "app.internal:8080", "unix:/run/app.sock"}
	bad := []string{"", "app", "app:", ":80", "app:http", "app:0", "app:65536", "::1:80", "unix:"}
	for _, address := range good {
		if err := discovery.CheckAddress(address); err != nil {
			t.Error(err)
		}
	}
	for _, address := range bad {
		if err := discovery.CheckAddress(address); err == nil || !strings.HasPrefix(err.Error(), "address ") {
			t.Errorf("%q: error %v", address, err)
		}
	}
	for entry, want := range map[string]int{"a:80": 1, "a:80 7": 7, " a:80  0 ": 0, "a:80 65535": 65535} {
		if address, weight, err := discovery.SplitWeight(entry); address != "a:80" || weight != want || err != nil {
			t.Errorf("%q: %q %d %v", entry, address, weight, err)
		}
	}
	for _, entry := range []string{"", "a:80 x", "a:80 -1", "a:80 65536", "a:80 1 2"} {
		if _, _, err := discovery.SplitWeight(entry); err == nil {
			t.Errorf("%q was accepted", entry)
		}
	}
}
