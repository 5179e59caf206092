package arch

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// minPage is the least that says what a package is for and what it leaves to
// others, in characters.
const minPage = 120

func TestPackagesOpenWithAPage(t *testing.T) {
	for dir, files := range packages(sourceFiles(t)) {
		page, name := "", ""
		for _, f := range files {
			if doc := f.syntax.Doc.Text(); len(doc) > len(page) {
				page = doc
			}
			if !f.test || name == "" {
				name = f.syntax.Name.Name
			}
		}
		if len(page) < minPage {
			if excepted(t, dir+" has no page") {
				continue
			}
			t.Errorf("%s: the package comment has %d characters: say what the package is for, how it is used and what it leaves to others", dir, len(page))
			continue
		}
		want := "Package " + strings.TrimSuffix(name, "_test") + " "
		if name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(page, want) {
			t.Errorf("%s: the package comment begins %q; by Go's custom %q", dir, firstWords(page), want)
		}
	}
}

func firstWords(text string) string {
	words := strings.Fields(text)
	return strings.Join(words[:min(3, len(words))], " ")
}

// Kinds of discovery and plugins are found by their READMEs: users read keys
// there, and the fenced blocks in them are loaded by a test of config.
func TestKindsAndPluginsHaveTheirFaces(t *testing.T) {
	for dir, files := range packages(sourceFiles(t)) {
		if parent := path.Dir(dir); parent != "discovery" && parent != "plugin" || isTestHelper(dir) {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, dir, "README.md")); err != nil && !excepted(t, dir+" has no README") {
			t.Errorf("%s has no README.md: begin with the page that a user reads", dir)
		}
		tested := false
		for _, f := range files {
			tested = tested || f.test
		}
		if !tested {
			t.Errorf("%s has no test", dir)
		}
	}
}
