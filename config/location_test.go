package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestPriority(t *testing.T) {
	long := "/" + strings.Repeat("x", 99)
	cases := []struct {
		name, keys, host string
		want             int
	}{
		{"nothing", ``, "", 0},
		{"the root as a prefix", `path = "/"`, "", 0},
		{"the root, exactly", `path = "= /"`, "", 1025},
		{"prefix", `path = "/api"`, "", 516},
		{"exact", `path = "= /api"`, "", 1028},
		{"regexp", `path = "~ ^/api"`, "", 261},
		{"length counts up to 64", `path = "` + long + `"`, "", 576},
		{"exact host", `host = "a.example.com"`, "a.example.com", 128},
		{"wildcard", `host = "*.example.com"`, "*.example.com", 96},
		{"host regexp", `host = "~^a\\."`, `~^a\.`, 4},
		{"path and host", "path = '/api'\nhost = 'a,*.b'", "*.b", 612},
		{"configured", "path = '/api'\npriority = 3", "", 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := mustParse(t, fmt.Sprintf("[upstreams.u]\naddrs = 'x'\n[locations.l]\nupstream = 'u'\n%s", c.keys)).Locations["l"]
			if got := l.PriorityFor(c.host); got != c.want {
				t.Errorf("priority for %q = %d, want %d", c.host, got, c.want)
			}
		})
	}
}

func TestDefaultPriorityTakesTheBestHost(t *testing.T) {
	three := 3
	l := &Location{Path: "/api", PathType: "prefix", Host: List{"*.b", "a.b"}, Priority: &three}
	if got := l.DefaultPriority(); got != 516+128 {
		t.Errorf("default priority = %d", got)
	}
}
