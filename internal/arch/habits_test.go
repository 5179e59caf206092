package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

func TestGoroutinesHaveNames(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			statement, ok := n.(*ast.GoStmt)
			if !ok {
				return true
			}
			if _, anonymous := statement.Call.Fun.(*ast.FuncLit); anonymous && !excepted(t, f.path+" starts a goroutine without a name") {
				t.Errorf("%s:%d starts a goroutine without a name: give the function one, so that a dump of goroutines reads as a list of jobs",
					f.path, f.line(n.Pos()))
			}
			return true
		})
	}
}

func TestNothingSleeps(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.importsPath("testing/synctest") {
			continue // its clock is virtual: sleeping is how time passes there
		}
		eachCall(f, func(receiver, method string, at token.Pos) {
			if receiver != "time" || method != "Sleep" || excepted(t, f.path+" sleeps") {
				return
			}
			if f.test {
				t.Errorf("%s:%d sleeps and hopes: wait for the thing itself, or use testing/synctest", f.path, f.line(at))
			} else {
				t.Errorf("%s:%d sleeps: wait on a timer and the context, so that stopping does not wait too", f.path, f.line(at))
			}
		})
	}
}

// A test that quietly skips is a test that nobody runs. internal/testkit skips
// when a server is not installed, and fails instead when PINGAP_TEST_REQUIRE=1.
func TestOnlyTheTestkitSkips(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if strings.HasPrefix(f.path, "internal/testkit/") {
			continue
		}
		eachCall(f, func(receiver, method string, at token.Pos) {
			if isTesting(receiver) && strings.HasPrefix(method, "Skip") && !excepted(t, f.path+" skips") {
				t.Errorf("%s:%d skips: let internal/testkit decide whether what the test needs is there", f.path, f.line(at))
			}
		})
	}
}

func isTesting(receiver string) bool {
	return receiver == "t" || receiver == "b" || receiver == "f" || receiver == "tb"
}

// eachCall visits the calls of the form receiver.method(...).
func eachCall(f *sourceFile, visit func(receiver, method string, at token.Pos)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
			if receiver, ok := selector.X.(*ast.Ident); ok {
				visit(receiver.Name, selector.Sel.Name, call.Pos())
			}
		}
		return true
	})
}

// Two programs' worth of parts must be able to run in one process: reloads keep
// two generations, tests boot many.
func TestPackagesKeepNoState(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		for _, function := range functions(f) {
			if function.Name.Name == "init" && function.Recv == nil && !excepted(t, f.path+" has an init function") {
				t.Errorf("%s:%d: nothing happens on import; let main or the engine do it", f.path, f.line(function.Pos()))
			}
		}
		for _, spec := range variables(f) {
			fault := fmt.Sprintf("%s %s is mutable", f.path, spec.Names[0].Name)
			if mutable(spec) && !excepted(t, fault) {
				t.Errorf("%s (line %d): make it a constant, or a field of what owns it", fault, f.line(spec.Pos()))
			}
		}
	}
}

// variables are the package's variables, embedded files excepted.
func variables(f *sourceFile) []*ast.ValueSpec {
	var all []*ast.ValueSpec
	for _, declaration := range f.syntax.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR || embeds(general.Doc) {
			continue
		}
		for _, s := range general.Specs {
			if spec := s.(*ast.ValueSpec); !embeds(spec.Doc) {
				all = append(all, spec)
			}
		}
	}
	return all
}

func embeds(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, line := range doc.List {
		if strings.HasPrefix(line.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// mutable reports whether a variable can only be meant to change: it begins as
// nothing, as a plain value that could be a constant, or as an empty container.
func mutable(spec *ast.ValueSpec) bool {
	if len(spec.Values) == 0 {
		return true
	}
	for _, value := range spec.Values {
		switch v := value.(type) {
		case *ast.BasicLit:
			return true
		case *ast.Ident:
			if v.Name == "true" || v.Name == "false" || v.Name == "nil" {
				return spec.Names[0].Name != "_"
			}
		case *ast.CallExpr:
			if made, ok := v.Fun.(*ast.Ident); ok && (made.Name == "make" || made.Name == "new") {
				return true
			}
		}
	}
	return false
}
