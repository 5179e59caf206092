package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exceptions are the places where a rule is broken on purpose: what a test of
// this package reported, and why it is better so.
var exceptions = map[string]string{
	"internal/testkit/testkit.go sleeps":              "Eventually is the one place that polls, for what real servers do not announce",
	"internal/differential/client_test.go sleeps":     "asks whether anything arrives late, and there is nothing to wait for when nothing does",
	"discovery/consul/script_test.go sleeps":          "counts what is asked within a second of real time, of an agent that answers at once",
	"discovery/dns/dns_test.go sleeps":                "asks whether a failure takes anything away, and there is nothing to wait for when it does not",
	"discovery/srv/partial_test.go sleeps":            "asks whether anything is asked within a TTL, and there is nothing to wait for when nothing is",
	"internal/e2e/http2_faults_story_test.go sleeps":  "plays an upstream that takes a second over the rest of its answer",
	"discovery/saved has no README":                   "no kind that a user names: it keeps snapshots between a watcher and its pool",
	"cmd/pingap/version.go version is mutable":        "the linker sets it, once",
	"internal/wire/watchdog.go noDeadline is mutable": "the zero time under a name; Go has no constants of that type",
	"internal/wire/pipe.go pipes is mutable":          "a sync.Pool as the buffers have, but one whose New could fail",
	"proxy/date.go lastDate is mutable":               "the text of the current second is the same for everybody in the process",
}

// excepted reports whether a fault is a listed one.
func excepted(t *testing.T, fault string) bool {
	t.Helper()
	_, listed := exceptions[fault]
	return listed
}

func TestExceptionsNameFilesThatExist(t *testing.T) {
	for fault, reason := range exceptions {
		name, _, _ := strings.Cut(fault, " ")
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("exception %q is out of date: %v", fault, err)
		}
		if len(reason) < 20 {
			t.Errorf("exception %q needs a reason that convinces a stranger", fault)
		}
	}
}
