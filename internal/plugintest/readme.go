package plugintest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"pingap-go/plugin"
)

// sections are the headings of a category's README, in their order.
var sections = []string{"Name", "Description", "Syntax", "Keys", "Examples", "Behaviour", "Differences from Pingap"}

// Readme checks the README.md beside the test: its sections, that every TOML
// block configures a plugin of the category and a location that uses it, and
// that the category accepts each.
func Readme(t *testing.T, c plugin.Category) {
	t.Helper()
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for line := range strings.Lines(string(content)) {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			headings = append(headings, strings.TrimSpace(heading))
		}
	}
	if !slices.Equal(headings, sections) {
		t.Errorf("README.md has the sections %q, want %q", headings, sections)
	}
	blocks := strings.Split(string(content), "```toml\n")[1:]
	if len(blocks) == 0 {
		t.Error("README.md has no example")
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		example(t, c, text)
	}
}

func example(t *testing.T, c plugin.Category, text string) {
	t.Helper()
	var file struct {
		Plugins   map[string]map[string]any
		Locations map[string]struct{ Plugins []string }
	}
	if _, err := toml.Decode(text, &file); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	var used []string
	for _, location := range file.Locations {
		used = append(used, location.Plugins...)
	}
	built := 0
	for name, keys := range file.Plugins {
		if !slices.Contains(used, name) {
			t.Errorf("no location uses the plugin %q in\n%s", name, text)
		}
		if keys["category"] != c.Name {
			continue
		}
		delete(keys, "category")
		own, err := toml.Marshal(keys)
		if err != nil {
			t.Fatal(err)
		}
		Build(t, c, string(own))
		built++
	}
	if built == 0 {
		t.Errorf("no plugin of category %s in\n%s", c.Name, text)
	}
}
