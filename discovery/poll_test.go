package discovery_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/discovery"
	"pingap-go/discovery/discoverytest"
	"pingap-go/endpoint"
)

func snapshot(ids ...string) endpoint.Snapshot {
	return endpoint.NewSnapshot(endpoint.Source{}, endpoints(ids...), "")
}

func endpoints(ids ...string) []endpoint.Endpoint {
	list := make([]endpoint.Endpoint, 0, len(ids))
	for _, id := range ids {
		list = append(list, endpoint.Endpoint{ID: id, Name: id, Address: id})
	}
	return list
}

// poll runs a loop in a bubble of its own time for a while and ends it.
func poll(t *testing.T, length time.Duration, sink discovery.Sink, ask discovery.Ask) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	discovery.Poll(ctx, sink, discovery.PollOptions{}, ask)
}

func TestPollKeepsTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sink discoverytest.Sink
		var asked []time.Time
		poll(t, time.Hour, &sink, func(context.Context) (discovery.Answer, error) {
			asked = append(asked, time.Now())
			return discovery.Answer{Snapshot: snapshot("a"), Next: time.Minute}, nil
		})
		if n := len(asked); n < 55 || n > 66 {
			t.Errorf("asked %d times in an hour, want about 60", n)
		}
		spread := false
		for i := 1; i < len(asked); i++ {
			gap := asked[i].Sub(asked[i-1])
			if gap < 54*time.Second || gap > 66*time.Second {
				t.Errorf("%s between two questions", gap)
			}
			spread = spread || gap != time.Minute
		}
		if !spread {
			t.Error("there is no jitter")
		}
	})
}

func TestPollBacksOffAndKeepsTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sink discoverytest.Sink
		down, asked := errors.New("down"), 0
		poll(t, time.Minute, &sink, func(context.Context) (discovery.Answer, error) {
			if asked++; asked == 1 {
				return discovery.Answer{Snapshot: snapshot("a"), Next: time.Second}, nil
			}
			return discovery.Answer{}, down
		})
		if asked < 12 || asked > 30 {
			t.Errorf("asked %d times in a minute of failures", asked)
		}
		if updates, fails := sink.Counts(); updates != 1 || fails != asked-1 {
			t.Errorf("%d snapshots and %d failures", updates, fails)
		}
	})
}

func TestPollEndsAnAskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sink discoverytest.Sink
		poll(t, 15*time.Second, &sink, func(ctx context.Context) (discovery.Answer, error) {
			<-ctx.Done()
			return discovery.Answer{}, ctx.Err()
		})
		if _, fails := sink.Counts(); fails != 1 {
			t.Errorf("%d failures in 15 s, want 1: the time-out is 10 s, and the end of the loop is none", fails)
		}
	})
}

func TestDoubtIsToldWithoutFlapping(t *testing.T) {
	var sink discoverytest.Sink
	reporter := discovery.Reporter{Sink: &sink}
	doubt := errors.New("half of it is old")
	says := []struct {
		name    string
		ids     []string
		doubt   error
		updates int // in all
		stale   bool
	}{
		{name: "the first word, in doubt", ids: []string{"a"}, doubt: doubt, updates: 1, stale: true},
		{name: "the same, still in doubt", ids: []string{"a"}, doubt: doubt, updates: 1, stale: true},
		{name: "a change, still in doubt", ids: []string{"a", "b"}, doubt: doubt, updates: 2, stale: true},
		{name: "the same, no doubt", ids: []string{"a", "b"}, updates: 3},
		{name: "the same again", ids: []string{"a", "b"}, updates: 4},
	}
	for _, s := range says {
		reporter.Say(snapshot(s.ids...), s.doubt)
		updates, _ := sink.Counts()
		if updates != s.updates || (sink.Err() != nil) != s.stale {
			t.Errorf("%s: %d snapshots, last error %v", s.name, updates, sink.Err())
		}
	}
}

func TestInterval(t *testing.T) {
	cases := []struct {
		name                 string
		ttl, refresh, expiry time.Duration
		want                 time.Duration
	}{
		{name: "TTL 0 without a floor", want: time.Second},
		{name: "TTL 0", refresh: 5 * time.Second, want: 5 * time.Second},
		{name: "the TTL", ttl: 30 * time.Second, refresh: time.Second, want: 30 * time.Second},
		{name: "a TTL below the floor", ttl: time.Second, refresh: 5 * time.Second, want: 5 * time.Second},
		{name: "a TTL of a day", ttl: 24 * time.Hour, want: 5 * time.Minute},
		{name: "a floor above the cap", ttl: time.Hour, refresh: 10 * time.Minute, want: 10 * time.Minute},
		{name: "a hold that ends earlier", ttl: time.Minute, expiry: 3 * time.Second, want: 3 * time.Second},
		{name: "a hold that has ended", ttl: time.Minute, expiry: 1, want: 10 * time.Millisecond},
	}
	for _, c := range cases {
		if got := discovery.Interval(c.ttl, c.refresh, c.expiry); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
