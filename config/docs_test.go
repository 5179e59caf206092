package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pingap-go/internal/docs"
)

// docsEnv gives every variable that the pages use a value of the right form: an
// address, a port, or nothing, which makes ${NAME:-default} the default.
func docsEnv(name string) (string, bool) {
	switch {
	case strings.HasPrefix(name, "NOMAD_PORT_"), strings.HasPrefix(name, "NOMAD_HOST_PORT_"):
		return "8080", true
	case strings.HasPrefix(name, "NOMAD_ADDR_"), strings.HasPrefix(name, "NOMAD_HOST_ADDR_"):
		return "127.0.0.1:8080", true
	case strings.HasPrefix(name, "NOMAD_IP_"), strings.HasPrefix(name, "NOMAD_HOST_IP_"):
		return "127.0.0.1", true
	default:
		return "", true
	}
}

// TestPagesLoad loads every fenced TOML block of the project's pages; package
// docs says how a page marks those that are not whole.
func TestPagesLoad(t *testing.T) {
	blocks, err := docs.Blocks("..", "toml")
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, block := range blocks {
		if block.Kind == "ignore" {
			continue
		}
		_, err := Parse(block.File, block.Text, docsEnv)
		for _, line := range problemLines(t, err) {
			if block.Kind != "fragment" || !namesWhatIsNotShown.MatchString(line) {
				t.Error(line)
			}
		}
	}
}

// namesWhatIsNotShown is the one problem that a fragment may have.
var namesWhatIsNotShown = regexp.MustCompile(`: no (upstream|location|plugin|server) is named `)

func TestExamplesLoad(t *testing.T) {
	files, err := filepath.Glob("../examples/*/pingap.toml")
	if err != nil || len(files) < 6 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	if _, err := Load("../examples/apps.toml", docsEnv); err != nil {
		t.Error(err)
	}
	for _, file := range files {
		if _, err := Load(file, docsEnv); err != nil {
			t.Error(err)
		}
		readme, err := os.ReadFile(filepath.Join(filepath.Dir(file), "README.md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, heading := range []string{"## Try it", "## What you should see", "## Why it works"} {
			if !strings.Contains(string(readme), heading) {
				t.Errorf("README.md beside %s has no %q", file, heading)
			}
		}
	}
}
