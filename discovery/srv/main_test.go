package srv_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/discovery/discoverytest"
	"pingap-go/discovery/srv"
	"pingap-go/endpoint"
)

// soon is how long a change may take to show in a test; it is generous because
// the machine is shared.
const soon = 10 * time.Second

// quick is the time between two questions in tests.
const quick = 10 * time.Millisecond

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// follow watches until the test ends.
func follow(t *testing.T, o srv.Options) *discoverytest.Sink {
	t.Helper()
	if o.Refresh == 0 {
		o.Refresh = quick
	}
	w, err := srv.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var sink discoverytest.Sink
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Watch(ctx, &sink)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return &sink
}

// lines describes a snapshot, one endpoint a line, for comparison.
func lines(s endpoint.Snapshot) string {
	text := []string{string(s.Condition)}
	for _, e := range s.Endpoints {
		line := fmt.Sprintf("%s at %s tier %d weight %d", e.ID, e.Address, e.Tier, e.Weight)
		if e.Barred != "" {
			line += " barred: " + e.Barred
		}
		text = append(text, line)
	}
	return strings.Join(text, "\n")
}

// is waits for a snapshot that reads as text, tabs and outer space aside.
func is(text string) func(endpoint.Snapshot) bool {
	var want []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			want = append(want, line)
		}
	}
	return func(s endpoint.Snapshot) bool { return slices.Equal(strings.Split(lines(s), "\n"), want) }
}
