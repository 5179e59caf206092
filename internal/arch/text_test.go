package arch

import (
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// forbiddenText is what no file of the repository says. The patterns are put
// together from pieces so that this file does not match itself.
var forbiddenText = []struct {
	what    string
	pattern *regexp.Regexp
}{
	{"a directory of somebody's machine",
		regexp.MustCompile(`(^|[\s"'=(` + "`" + `:])/(` + `root|wo` + `rk|ho` + `me/\w+|Us` + `ers/\w+)/`)},
	{"a package registry's host: clients know their own",
		regexp.MustCompile(`(proxy\.gol` + `ang|deb\.deb` + `ian|registry\.np` + `mjs|py` + `pi)\.org`)},
	{"a promise instead of the thing",
		regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)},
}

func TestFilesNameNoMachine(t *testing.T) {
	err := walk(func(name string) error {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || !utf8.Valid(text) || strings.HasSuffix(name, ".sum") {
			return err
		}
		for number, line := range strings.Split(string(text), "\n") {
			for _, forbidden := range forbiddenText {
				if found := forbidden.pattern.FindString(line); found != "" && !excepted(t, name+" says "+found) {
					t.Errorf("%s:%d says %q: %s", name, number+1, strings.TrimSpace(found), forbidden.what)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// avoid are words that have another name in this project (CONTEXT.md is
// the glossary): one idea, one word, in code as in configuration.
var avoid = map[string]string{
	"frontend":   "server",
	"entrypoint": "server",
	"vhost":      "location",
	"backend":    "upstream, endpoint or host",
	"middleware": "plugin",
	"blacklist":  "ejection",
	"util":       "what it is for",
}

func TestNamesUseTheProjectsWords(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		for _, name := range declaredNames(f) {
			for word, ours := range avoid {
				fault := fmt.Sprintf("%s declares %s", f.path, name)
				if strings.Contains(strings.ToLower(name), word) && !excepted(t, fault) {
					t.Errorf("%s: say %s, not %s", fault, ours, word)
				}
			}
		}
	}
}

// declaredNames are the package, types, functions and fields of a file.
func declaredNames(f *sourceFile) []string {
	names := []string{f.syntax.Name.Name}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.TypeSpec:
			names = append(names, d.Name.Name)
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.Field:
			for _, name := range d.Names {
				names = append(names, name.Name)
			}
		}
		return true
	})
	return names
}
