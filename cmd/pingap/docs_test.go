package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/commands.md names every command and every flag of it, and no other.
func TestEveryFlagIsDocumented(t *testing.T) {
	content, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	inHelp := regexp.MustCompile(`(?m)^  -([a-z-]+)`)
	known := map[string]bool{}
	for _, c := range commands() {
		if !strings.Contains(page, "`pingap "+c.name) {
			t.Errorf("pingap %s is not there", c.name)
		}
		var out, help bytes.Buffer
		if code := dispatch([]string{c.name, "-h"}, streams{&out, &help}); code != exitOK {
			t.Fatalf("%s -h ends with %d", c.name, code)
		}
		for _, flag := range inHelp.FindAllStringSubmatch(help.String(), -1) {
			known[flag[1]] = true
			if !strings.Contains(page, "| `-"+flag[1]+"` |") {
				t.Errorf("pingap %s has the flag -%s, which is not there", c.name, flag[1])
			}
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `-([a-z-]+)` \\|").FindAllStringSubmatch(page, -1) {
		if !known[row[1]] {
			t.Errorf("no command has the flag -%s", row[1])
		}
	}
}
