package consul_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"pingap-go/discovery/consul"
	"pingap-go/internal/testkit"
)

// TestNamesAreBelievedAsInstancesAre has a list of services that an answer from
// the past would shorten.
func TestNamesAreBelievedAsInstancesAre(t *testing.T) {
	t.Parallel()
	const all, fewer, none = `{"consul": [], "api": ["v2"]}`, `{"consul": []}`, `{}`
	for _, c := range []struct {
		name    string
		answers []reply
		indexes string
		told    string
	}{
		{"without an error a name may go", []reply{{index: 5, body: all}, {index: 7, body: fewer}}, ",5,7", "api consul; consul"},
		{"a server that leads before it has read its log", []reply{{index: 5, body: all}, {status: 500}, {index: 1, body: none}, {index: 5, body: all}}, ",5,,leader,5", "api consul; failed; api consul"},
		{"after an error the leader has to confirm", []reply{{index: 5, body: all}, {status: 500}, {index: 9, body: fewer}, {index: 9, body: fewer}}, ",5,,leader,9", "api consul; failed; consul"},
		{"an index that goes backwards", []reply{{index: 5, body: all}, {index: 3, body: fewer}, {index: 6, body: all}}, ",5,leader,6", "api consul; api consul"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &script{answers: c.answers}
			server := httptest.NewServer(s)
			defer server.Close()
			ctx, cancel := context.WithCancel(t.Context())
			var told []string
			var mu sync.Mutex
			tell := func(text string) { mu.Lock(); told = append(told, text); mu.Unlock() }
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				client(t, consul.Options{Address: server.URL, Heartbeat: -1}).WatchNames(ctx, func(tags map[string][]string) {
					var names []string
					for name := range tags {
						names = append(names, name)
					}
					slices.Sort(names)
					tell(strings.Join(names, " "))
				}, func(error) { tell("failed") })
			}()
			defer func() { cancel(); <-ended }()
			testkit.Eventually(t, soon, func() error {
				mu.Lock()
				defer mu.Unlock()
				if got := strings.Join(told, "; "); got != c.told || s.indexes() != c.indexes {
					return fmt.Errorf("told %q, asked with %s", got, s.indexes())
				}
				return nil
			})
		})
	}
}
