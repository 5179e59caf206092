package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// A page is read; a scroll is searched. Tests may be longer, since their tables
// are data.
const (
	maxFileLines         = 450
	maxFunctionLines     = 60
	maxTestFunctionLines = 100
	// Nine functions in ten are shorter than this, over all code.
	usualFunctionLines = 45
)

func TestFilesFitInAHead(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.lines > maxFileLines && !excepted(t, f.path+" is long") {
			t.Errorf("%s is long: %d lines, at most %d. Split it where its story has parts", f.path, f.lines, maxFileLines)
		}
	}
}

func TestFunctionsFitOnAScreen(t *testing.T) {
	var lengths []int
	for _, f := range sourceFiles(t) {
		limit := maxFunctionLines
		if f.test {
			limit = maxTestFunctionLines
		}
		for _, function := range functions(f) {
			lines := f.line(function.End()) - f.line(function.Pos()) + 1
			if !f.test {
				lengths = append(lengths, lines)
			}
			fault := fmt.Sprintf("%s %s is long", f.path, function.Name.Name)
			if lines > limit && !excepted(t, fault) {
				t.Errorf("%s: %d lines, at most %d. Name its steps", fault, lines, limit)
			}
		}
	}
	slices.Sort(lengths)
	if p90 := lengths[len(lengths)*9/10]; p90 > usualFunctionLines {
		t.Errorf("one function in ten has %d lines or more; keep nine in ten under %d", p90, usualFunctionLines)
	}
}

func functions(f *sourceFile) []*ast.FuncDecl {
	var all []*ast.FuncDecl
	for _, declaration := range f.syntax.Decls {
		if function, ok := declaration.(*ast.FuncDecl); ok {
			all = append(all, function)
		}
	}
	return all
}
