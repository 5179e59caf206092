package config

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// level is a type that a plugin brings along.
type level int

func (l *level) UnmarshalText(text []byte) error {
	if string(text) != "high" {
		return fmt.Errorf("level %q is not known", text)
	}
	*l = 2
	return nil
}

type pluginKeys struct {
	Path   string            `toml:"path"`
	Status int               `toml:"status" min:"100" max:"599"`
	Delay  time.Duration     `toml:"delay"`
	Nets   []netip.Prefix    `toml:"nets"`
	Mode   string            `toml:"mode" default:"allow" oneof:"allow deny"`
	Level  level             `toml:"level"`
	Extra  map[string]string `toml:"extra"`
	Apps   []struct {
		ID     string `toml:"app_id"`
		Secret string `toml:"secret"`
	} `toml:"apps"`
	Any any `toml:"any"`
}

func TestPluginDecode(t *testing.T) {
	cfg := mustParse(t, `
[plugins.one]
category = "example"
path = "/x"
delay = "2s"
nets = ["10.0.0.1"]
level = "high"
extra = { a = "${UNSET:-b}" }
any = ["${UNSET:-c}", { d = 1 }]
[[plugins.one.apps]]
app_id = "x"
`)
	keys := pluginKeys{Status: 200, Path: "/"}
	if err := cfg.Plugins["one"].Decode(&keys); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", keys)
	want := "{Path:/x Status:200 Delay:2s Nets:[10.0.0.1/32] Mode:allow Level:2 Extra:map[a:b] Apps:[{ID:x Secret:}] Any:[c map[d:1]]}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPluginDecodeReportsPlaces(t *testing.T) {
	cfg := mustParse(t, `[plugins.one]
category = "example"
pth = "/x"
step = "request"
status = 99
delay = 5
mode = "alow"
level = "low"
apps = [
  { app_id = "x" },
  { app_id = 1, secrett = "" },
]
`)
	err := cfg.Plugins["one"].Decode(&pluginKeys{})
	sameLines(t, problemLines(t, err), []string{
		`t.toml:3:1: plugins.one.pth: unknown key (did you mean "path"?)`,
		"t.toml:4:1: plugins.one.step: unknown key; Pingap's `step` is not built yet; a plugin runs where it stands in its location's list",
		`t.toml:5:1: plugins.one.status: must be at least 100`,
		`t.toml:6:1: plugins.one.delay: "5" is not a duration such as "500ms" or "30s"`,
		`t.toml:7:1: plugins.one.mode: "alow" is not one of allow, deny (did you mean "allow"?)`,
		`t.toml:8:1: plugins.one.level: level "low" is not known`,
		`t.toml:11:5: plugins.one.apps[1].app_id: must be a string, not an integer`,
		`t.toml:11:17: plugins.one.apps[1].secrett: unknown key (did you mean "secret"?)`,
	})
}

// The engine reports what later stages find at the place of a key.
func TestProblemOfLaterStages(t *testing.T) {
	cfg := mustParse(t, "[plugins.one]\ncategory = \"exmaple\"\n")
	for want, key := range map[string][]string{
		"t.toml:2:1: plugins.one.category: not known": {"plugins", "one", "category"},
		"t.toml:1:1: plugins.one.path: not known":     {"plugins", "one", "path"},
	} {
		problem := cfg.Problem("not known", key...)
		if problem.String() != want {
			t.Errorf("got %s, want %s", problem, want)
		}
		if _, ok := errors.AsType[Problem](fmt.Errorf("build: %w", problem)); !ok {
			t.Error("a problem is not found behind another error")
		}
	}
}
