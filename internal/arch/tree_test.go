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
	"sync"
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

// sourceFiles are all Go files of the module, in order of path, parsed once for
// all tests, which only read them.
func sourceFiles(t *testing.T) []*sourceFile {
	t.Helper()
	files, err := parseOnce()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found: the tests of this package run inside the repository")
	}
	return files
}

var parseOnce = sync.OnceValues(parseAll)

func parseAll() ([]*sourceFile, error) {
	var files []*sourceFile
	fset := token.NewFileSet()
	err := walk(func(name string) error {
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		files = append(files, &sourceFile{
			path:   name,
			test:   strings.HasSuffix(name, "_test.go"),
			lines:  bytes.Count(text, []byte("\n")),
			syntax: syntax,
			fset:   fset,
		})
		return err
	})
	return files, err
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
func walk(visit func(name string) error) error {
	return filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		switch {
		case entry.IsDir() && leftOut(relative):
			return filepath.SkipDir
		case entry.Type().IsRegular() && relative != ".git":
			return visit(relative)
		}
		return nil
	})
}

func leftOut(dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	return strings.HasPrefix(base, ".") && base != ".ci" ||
		base == "testdata" || dir == "bin" || dir == "bench/out" || dir == "tools"
}
