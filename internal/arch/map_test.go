package arch

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// edge says what the packages that match from may import of ours. Patterns are
// those of path.Match; the first edge that matches a package is the one.
type edge struct {
	from    string
	may     []string
	because string
}

// values may be imported by everyone: plain values and small helpers, which
// import nothing but each other.
var values = []string{"endpoint", "message", "internal/*"}

// requestPath is what the parts of proxy may import. balance is for the words of
// a pick: what is asked, and the ways to say no.
var requestPath = append([]string{"proxy", "proxy/*", "route", "plugin", "balance",
	"upstream", "upstream/*", "telemetry", "telemetry/*"}, values...)

// importMap is the shape of the project. Tests may import what they need.
var importMap = []edge{
	{"endpoint", nil,
		"endpoints are plain values at the bottom of everything"},
	{"message", nil,
		"HTTP messages are plain values at the bottom of everything"},
	{"balance", values,
		"a policy is a pure function of its candidates: no I/O, no clock, no pool"},
	{"health", values,
		"health turns evidence into a verdict and knows nothing of who acts on it"},
	{"route", values,
		"the table is compiled from plain rules and returns what it was given"},
	{"config", values,
		"configuration is text turned into values; building things from it is the engine's part"},
	{"telemetry", values,
		"instruments are handed to those that use them and know none of them"},
	{"telemetry/*", append([]string{"telemetry"}, values...),
		"instruments are handed to those that use them and know none of them"},
	{"admin", values,
		"the admin API shows what small interfaces tell it"},
	{"web", nil,
		"the page is files in a binary"},
	{"discovery", values,
		"the seam between registries and pools knows neither"},
	{"discovery/*test", append([]string{"discovery"}, values...),
		"a test helper knows what it helps to test"},
	{"discovery/*", append([]string{"discovery"}, values...),
		"a kind speaks one registry's protocol and publishes snapshots, nothing else"},
	{"plugin", values,
		"the chain knows messages and no concrete plugin"},
	{"plugin/*", append([]string{"plugin"}, values...),
		"a plugin sees the exchange and no other plugin"},
	{"upstream", append([]string{"upstream/*", "discovery", "balance", "health", "telemetry/metrics"}, values...),
		"a pool is where membership, health and policy meet, and counts; how requests travel is the proxy's part"},
	{"upstream/*", values,
		"a part of the pool that stands by itself"},
	{"proxy", requestPath,
		"the request path knows pools, and no registry behind them; what it writes and counts with is handed to it"},
	{"proxy/*", requestPath,
		"the request path knows pools, and no registry behind them; what it writes and counts with is handed to it"},
	{"autoroute", append([]string{"discovery", "route"}, values...),
		"tags become routes; pools and handlers of them are the engine's part"},
	{"register", append([]string{"health"}, values...),
		"a registration follows a verdict of the app; when to begin and to leave is the engine's part"},
	{"engine", []string{"*", "*/*"},
		"the composition root is the one place that knows every concrete kind"},
	{"cmd/*", append([]string{"engine", "config", "admin", "telemetry", "telemetry/*"}, values...),
		"the command line is a face of the engine: it reads flags, starts it and asks its admin API"},
	{"internal/plugintest", append([]string{"plugin"}, values...),
		"a test helper knows what it helps to test"},
	{"internal/e2e/*", values,
		"stories of the whole program start it as its users do"},
	{"internal/*", values,
		"helpers are leaves"},
	{"bench/*", []string{"*", "*/*"},
		"a benchmark measures any part, and nothing imports it"},
	{"examples/*", nil,
		"an example is what a user could write"},
	{"examples/*/*", nil,
		"an example is what a user could write"},
}

func TestImportsFollowTheMap(t *testing.T) {
	for dir, files := range packages(sourceFiles(t)) {
		rule, ok := edgeOf(dir)
		if !ok {
			t.Errorf("package %s has no row in importMap (internal/arch/map_test.go): say what it may import and why", dir)
			continue
		}
		for _, f := range files {
			if f.test {
				continue
			}
			for _, imported := range f.imports() {
				if !rule.allows(imported) && !excepted(t, f.path+" imports "+imported) {
					t.Errorf("%s imports %s, and may import only %s: %s",
						f.path, imported, orNothing(rule.may), rule.because)
				}
			}
		}
	}
}

// The helpers of tests bring a testing flag set and servers with them.
func TestProgramsAreFreeOfTestHelpers(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test || isTestHelper(path.Dir(f.path)) {
			continue
		}
		for _, imported := range f.imports() {
			if isTestHelper(imported) {
				t.Errorf("%s imports %s, which is for tests", f.path, imported)
			}
		}
	}
}

func isTestHelper(dir string) bool {
	return dir == "internal/testkit" || strings.HasSuffix(dir, "test")
}

func TestNobodyImportsCommandsAndBenchmarks(t *testing.T) {
	for _, f := range sourceFiles(t) {
		for _, imported := range f.imports() {
			top, _, _ := strings.Cut(imported, "/")
			if top == "cmd" || top == "bench" || top == "examples" {
				t.Errorf("%s imports %s: %s is for running, not for importing", f.path, imported, top)
			}
		}
	}
}

func edgeOf(dir string) (edge, bool) {
	for _, e := range importMap {
		if matches(e.from, dir) {
			return e, true
		}
	}
	return edge{}, false
}

func (e edge) allows(imported string) bool {
	return slices.ContainsFunc(e.may, func(p string) bool { return matches(p, imported) })
}

func matches(pattern, dir string) bool {
	ok, err := path.Match(pattern, dir)
	return ok && err == nil
}

func orNothing(packages []string) string {
	if len(packages) == 0 {
		return "nothing of ours"
	}
	return strings.Join(packages, ", ")
}
