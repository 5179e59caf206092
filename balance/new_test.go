package balance

import (
	"strings"
	"sync/atomic"
	"testing"
)

func TestNewSaysWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		algorithm string
		settings  Settings
		want      string
	}{
		"a slip of the pen":            {algorithm: "round-robin", want: `did you mean "round_robin"?`},
		"a letter too few":             {algorithm: "leastconn", want: `did you mean "least_conn"?`},
		"nothing like it":              {algorithm: "fastest_first", want: `algorithm "fastest_first" is not known; known are round_robin,`},
		"a header without a name":      {algorithm: "hash:header", want: "hash:header:NAME"},
		"a bound that nobody can keep": {algorithm: "ip_hash", settings: Settings{Bound: 0.5, InFlight: new(atomic.Int64)}, want: "1 or more"},
		"a bound without a count":      {algorithm: "ip_hash", settings: Settings{Bound: 1.25}, want: "requests in flight"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(test.algorithm, test.settings)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want it to contain %q", err, test.want)
			}
		})
	}
}

func TestNewKnowsItsNames(t *testing.T) {
	for _, name := range append(Names(), "") {
		name = strings.ReplaceAll(name, "NAME", "X-User")
		if _, err := New(name, Settings{}); err != nil {
			t.Errorf("New(%q): %v", name, err)
		}
	}
}
