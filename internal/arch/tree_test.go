package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// modulePath begins the import path of every package of ours.
const modulePath = "pingap-go/"

// root is the repository, seen from this package's directory.
const root = "../.."

// sourceFile is one parsed Go file. Its path is relative to the repository.
type sourceFile struct {
	path   string
	test   bool
	lines  int
	syntax *ast.File
	fset   *token.FileSet
}

// line is the line of a position in the file.
func (f *sourceFile) line(p token.Pos) int { return f.fset.Position(p).Line }

// imports are the file's imports of our packages, without the module path.
func (f *sourceFile) imports() []string {
	var ours []string
	for _, spec := range f.syntax.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		if rest, ok := strings.CutPrefix(name, modulePath); ok {
			ours = append(ours, rest)
		}
	}
	return ours
}

// importsPath reports whether the file imports the package of that full path.
func (f *sourceFile) importsPath(full string) bool {
	return slices.ContainsFunc(f.syntax.Imports, func(s *ast.ImportSpec) bool {
		return strings.Trim(s.Path.Value, `"`) == full
	})
}

// sourceFiles parses every Go file of the module, in order of path.
func sourceFiles(t *testing.T) []*sourceFile {
	t.Helper()
	var files []*sourceFile
	fset := token.NewFileSet()
	walk(t, func(name string) {
		if !strings.HasSuffix(name, ".go") {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, &sourceFile{
			path:   name,
			test:   strings.HasSuffix(name, "_test.go"),
			lines:  bytes.Count(text, []byte("\n")),
			syntax: syntax,
			fset:   fset,
		})
	})
	if len(files) == 0 {
		t.Fatal("no Go files found: the tests of this package run inside the repository")
	}
	return files
}

// packages groups files by directory.
func packages(files []*sourceFile) map[string][]*sourceFile {
	byDir := make(map[string][]*sourceFile)
	for _, f := range files {
		dir := path.Dir(f.path)
		byDir[dir] = append(byDir[dir], f)
	}
	return byDir
}

// walk calls visit with the slash-separated path of every file of the module:
// not what is built, hidden, test data or a module of its own (tools).
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		if entry.IsDir() {
			if leftOut(relative) {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() && relative != ".git" {
			visit(relative)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func leftOut(dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	return strings.HasPrefix(base, ".") && base != ".ci" ||
		base == "testdata" || dir == "bin" || dir == "bench/out" || dir == "tools"
}
