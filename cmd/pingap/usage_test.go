package main

import (
	"bytes"
	"strings"
	"testing"
)

// What was asked for wrongly ends with 2 and says what was wrong, whether a flag's
// name, its form or its value.
func TestWrongUsage(t *testing.T) {
	t.Setenv("PINGAP_CONFIG", "")
	for args, want := range map[string]string{
		"":                                "no configuration",
		"bogus":                           `unknown command "bogus"`,
		"-bogus":                          "not defined: -bogus",
		"validate":                        "no configuration",
		"validate -config x extra":        `unexpected argument "extra"`,
		"-config x -log-format x":         "none of text, json",
		"-config x -log-level x":          "none of debug, info, warn, error",
		"wait":                            "give -url",
		"wait -url ftp://x":               "give -url",
		"wait -url http://x -timeout 60":  "invalid value",
		"wait -url http://x -timeout 0":   "give a -timeout above 0",
		"wait -url http://x -timeout=-1s": "give a -timeout above 0",
		"dev -instances 33":               "must be 0 to 32",
		"dev -instances=-1":               "must be 0 to 32",
		"dev -instances 33 -print-config": "must be 0 to 32",
		"dev -log-level x":                "none of debug, info, warn, error",
	} {
		var out, problems bytes.Buffer
		if code := dispatch(strings.Fields(args), streams{&out, &problems}); code != exitUsage || !strings.Contains(problems.String(), want) {
			t.Errorf("pingap %s: exit %d, want %d and %q: %s", args, code, exitUsage, want, &problems)
		}
	}
}
