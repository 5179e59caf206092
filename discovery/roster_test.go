package discovery_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

func ids(list []endpoint.Endpoint) string {
	text := make([]string, 0, len(list))
	for _, e := range list {
		text = append(text, e.ID)
	}
	slices.Sort(text)
	return strings.Join(text, " ")
}

// rosterStep is one answer, and the members after it.
type rosterStep struct {
	at      time.Duration
	seen    string
	partial bool
	want    string
}

const hold = 30 * time.Second

// rosterStories are told with a hold of 30 s.
var rosterStories = []struct {
	name  string
	known string
	steps []rosterStep
}{
	{"an absent member goes when its hold is over", "", []rosterStep{
		{at: 0, seen: "a b", want: "a b"},
		{at: 10 * time.Second, seen: "a", want: "a b"},
		{at: 39 * time.Second, seen: "a", want: "a b"},
		{at: 40 * time.Second, seen: "a", want: "a"},
	}},
	{"one that comes back starts over", "", []rosterStep{
		{at: 0, seen: "a b", want: "a b"},
		{at: 10 * time.Second, seen: "a", want: "a b"},
		{at: 20 * time.Second, seen: "a b", want: "a b"},
		{at: 45 * time.Second, seen: "a", want: "a b"},
		{at: 74 * time.Second, seen: "a", want: "a b"},
		{at: 75 * time.Second, seen: "a", want: "a"},
	}},
	{"partial answers add and never remove", "", []rosterStep{
		{at: 0, seen: "a b", want: "a b"},
		{at: time.Hour, seen: "c", partial: true, want: "a b c"},
		{at: 2 * time.Hour, seen: "", partial: true, want: "a b c"},
	}},
	{"a partial answer does not end a hold either", "", []rosterStep{
		{at: 0, seen: "a b", want: "a b"},
		{at: time.Second, seen: "a", want: "a b"},
		{at: time.Hour, seen: "a", partial: true, want: "a b"},
		{at: time.Hour, seen: "a", want: "a"},
	}},
	{"an empty answer empties after the hold", "", []rosterStep{
		{at: 0, seen: "a b", want: "a b"},
		{at: time.Second, seen: "", want: "a b"},
		{at: 31 * time.Second, seen: "", want: ""},
	}},
	{"what an earlier run knew is held", "a b", []rosterStep{
		{at: 0, seen: "b c", want: "a b c"},
		{at: 30 * time.Second, seen: "b c", want: "b c"},
	}},
}

func TestRosterHolds(t *testing.T) {
	for _, story := range rosterStories {
		t.Run(story.name, func(t *testing.T) {
			start := time.Now()
			r := discovery.NewRoster(hold, endpoints(strings.Fields(story.known)...))
			for _, s := range story.steps {
				got := r.Merge(start.Add(s.at), endpoints(strings.Fields(s.seen)...), !s.partial)
				if ids(got) != s.want {
					t.Errorf("after %s with %q: %q, want %q", s.at, s.seen, ids(got), s.want)
				}
			}
		})
	}
}

func TestRosterWithoutHold(t *testing.T) {
	r := discovery.NewRoster(0, nil)
	r.Merge(time.Now(), endpoints("a", "b"), true)
	if got := ids(r.Merge(time.Now(), endpoints("b"), true)); got != "b" {
		t.Errorf("left %q", got)
	}
}

func TestRosterTellsOfItsHolds(t *testing.T) {
	start := time.Now()
	r := discovery.NewRoster(30*time.Second, endpoints("a", "b"))
	if _, running := r.Expiry(start); running || r.Held("a") {
		t.Error("a hold runs before the first answer")
	}
	members := r.Merge(start, endpoints("b"), true)
	if left, running := r.Expiry(start.Add(10 * time.Second)); !running || left != 20*time.Second {
		t.Errorf("%s left, running %v", left, running)
	}
	if left, _ := r.Expiry(start.Add(time.Hour)); left != 0 {
		t.Errorf("%s left of a hold that is over", left)
	}
	if !r.Held("a") || r.Held("b") || r.Held("nobody") {
		t.Error("the wrong ones are held")
	}
	for _, m := range members {
		if (m.Note != "") != (m.ID == "a") {
			t.Errorf("%s has the note %q", m.ID, m.Note)
		}
	}
}

// TestRosterIsBounded has a server that invents new partial answers forever.
func TestRosterIsBounded(t *testing.T) {
	r := discovery.NewRoster(time.Hour, nil)
	most := 0
	for answer := range 20 {
		var invented []string
		for i := range 500 {
			invented = append(invented, fmt.Sprintf("%d.%d", answer, i))
		}
		most = max(most, len(r.Merge(time.Now(), endpoints(invented...), false)))
	}
	if most > 5000 {
		t.Errorf("grew to %d members", most)
	}
}
