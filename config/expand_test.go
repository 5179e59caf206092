package config

import (
	"strings"
	"testing"
)

func TestEnvironmentVariables(t *testing.T) {
	cases := []struct{ name, written, want string }{
		{"set", "a${NOMAD_PORT_http}b", "a8080b"},
		{"default not needed", "${NOMAD_PORT_http:-1}", "8080"},
		{"default", "${UNSET:-x:-y}", "x:-y"},
		{"empty default", "${UNSET:-}", ""},
		{"empty takes the default, as in a shell", "${EMPTY:-x}", "x"},
		{"empty without default", "<${EMPTY}>", "<>"},
		{"several", "${NOMAD_PORT_http}${UNSET:-,}${NOMAD_PORT_http}", "8080,8080"},
		{"captures of regular expressions", "$1 ${1} ${name} $NAME", "$1 ${1} ${name} $NAME"},
		{"not expanded again", "${UNSET:-$}{UNSET}", "${UNSET}"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := Parse("t.toml", "[basic]\nerror_template = '"+c.written+"'", testEnv)
			if err != nil {
				t.Fatal(err)
			}
			if got := cfg.Basic.ErrorTemplate; got != c.want {
				t.Errorf("%s gives %q, want %q", c.written, got, c.want)
			}
		})
	}
}

func TestEnvironmentVariablesStandForNumbers(t *testing.T) {
	cfg, err := Parse("t.toml", `
[services.web]
port = "${NOMAD_PORT_http}"
[basic]
threads = "${THREADS:-3}"
[consul]
stale = "${STALE:-false}"
[otel]
sample_ratio = "${RATIO:-0.5}"
[plugins.x]
category = "mock"
on = "${ON:-true}"
`, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	var keys struct {
		On bool `toml:"on"`
	}
	if err := cfg.Plugins["x"].Decode(&keys); err != nil {
		t.Fatal(err)
	}
	if cfg.Services["web"].Port != 8080 || cfg.Basic.Threads != 3 || cfg.Consul.Stale || cfg.Otel.SampleRatio != 0.5 || !keys.On {
		t.Errorf("%+v %+v %+v %+v %+v", cfg.Services["web"], cfg.Basic, cfg.Consul, cfg.Otel, keys)
	}
}

// A list of secrets that was written as one variable is refused without a word of them.
func TestAListFromAVariableIsNotShown(t *testing.T) {
	env := func(string) (string, bool) { return "hidden", true }
	_, err := Parse("x.toml", "[locations.a]\nplugins = \"${SECRETS}\"\n", env)
	if err == nil || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), "must be an array, not a string") {
		t.Errorf("error %v", err)
	}
}
