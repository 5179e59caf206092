package static_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/discovery/discoverytest"
	"pingap-go/discovery/static"
	"pingap-go/endpoint"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestListIsPublishedOnce(t *testing.T) {
	w, err := static.New(static.Options{Addrs: []string{"server2:8080 3", "127.0.0.1:80", "unix:/run/app.sock 0"}})
	if err != nil {
		t.Fatal(err)
	}
	var sink discoverytest.Sink
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Watch(ctx, &sink) }()
	s := sink.Await(t, 10*time.Second, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 3 })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Watch ended with %v", err)
	}
	want := []endpoint.Endpoint{
		{ID: "127.0.0.1:80", Name: "127.0.0.1:80", Address: "127.0.0.1:80", Weight: 1, Note: "static"},
		{ID: "server2:8080", Name: "server2:8080", Address: "server2:8080", Weight: 3, Note: "static"},
		{ID: "unix:/run/app.sock", Name: "unix:/run/app.sock", Address: "unix:/run/app.sock", Weight: 0, Note: "static"},
	}
	for i := range want {
		if !s.Endpoints[i].Equal(&want[i]) {
			t.Errorf("%+v, want %+v", s.Endpoints[i], want[i])
		}
	}
	if updates, fails := sink.Counts(); updates != 1 || fails != 0 || s.Condition != endpoint.Populated {
		t.Errorf("%d snapshots, %d errors, %s", updates, fails, s.Condition)
	}
}

// The description goes into log lines and the API: it names a few, and counts the rest.
func TestALongListIsDescribedShortly(t *testing.T) {
	var addrs []string
	for i := range 5000 {
		addrs = append(addrs, fmt.Sprintf("a%d:80", i))
	}
	w, err := static.New(static.Options{Addrs: addrs})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var sink discoverytest.Sink
	if err := w.Watch(ctx, &sink); err != nil {
		t.Fatal(err)
	}
	s := sink.Await(t, 10*time.Second, func(s endpoint.Snapshot) bool { return len(s.Endpoints) == 5000 })
	if want := "static a0:80, a1:80, a2:80, a3:80, a4:80, a5:80, a6:80, a7:80 and 4992 more"; s.Source.String() != want {
		t.Errorf("%q, want %q", s.Source, want)
	}
}

func TestWrongLists(t *testing.T) {
	cases := map[string][]string{
		"at least one":                 nil,
		`"app" is not host:port`:       {"a:80", "app"},
		`"a:80" is listed twice`:       {"a:80", "a:80 2"},
		`weight "heavy" is not`:        {"a:80 heavy"},
		`port "99999" is not a number`: {"a:99999"},
	}
	for want, addrs := range cases {
		if _, err := static.New(static.Options{Addrs: addrs}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", addrs, err, want)
		}
	}
}
