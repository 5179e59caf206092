package route

import (
	"slices"
	"strings"
	"testing"

	"pingap-go/message"
)

// mustRule makes a rule whose target is its name.
func mustRule(t testing.TB, name string, hosts []string, pathType, path string) Rule[string] {
	t.Helper()
	h, err := ParseHosts(hosts)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePath(pathType, path)
	if err != nil {
		t.Fatal(err)
	}
	return Rule[string]{Name: name, Hosts: h, Path: p, Target: name}
}

func request(method, authority, path string) *message.Request {
	return &message.Request{Method: method, Authority: authority, Path: path, Scheme: "http"}
}

// expect asks the table for GET http://authority path.
func expect(t *testing.T, table *Table[string], authority, path, want string) {
	t.Helper()
	var m Match
	if got, ok := table.Match(request("GET", authority, path), &m); got != want || ok != (want != "") {
		t.Errorf("%s%s goes to %q, %v; want %q", authority, path, got, ok, want)
	}
}

func TestPathTypes(t *testing.T) {
	table := New([]Rule[string]{
		mustRule(t, "root", nil, "prefix", "/"),
		mustRule(t, "api", nil, "prefix", "/api"),
		mustRule(t, "slash", nil, "prefix", "/dir/"),
		mustRule(t, "exact", nil, "exact", "/api/exact"),
		mustRule(t, "regex", nil, "regex", `^/users/(\d+)$`),
		mustRule(t, "suffix", nil, "regex", `\.png$`),
		mustRule(t, "text", nil, "starts_with", "/text"),
		mustRule(t, "encoded", nil, "prefix", "/caf%c3%a9/%7Ebob"),
	})
	for _, c := range []struct{ path, want string }{
		{"/", "root"}, {"/other", "root"}, {"*", "root"},
		{"/api", "api"}, {"/api/", "api"}, {"/api/x/y", "api"}, {"/apix", "root"}, {"/ap", "root"},
		{"/dir", "root"}, {"/dir/", "slash"}, {"/dir/x", "slash"},
		{"/api/exact", "exact"}, {"/api/exact/", "api"}, {"/api/exac", "api"},
		{"/users/12", "regex"}, {"/users/12/x", "root"}, {"/users/", "root"},
		{"/a/b.png", "suffix"}, {"/api/b.png", "api"},
		{"/text", "text"}, {"/textbook", "text"}, {"/text/x", "text"}, {"/tex", "root"},
		{"/caf%C3%A9/~bob/x", "encoded"},
	} {
		expect(t, table, "h", c.path, c.want)
	}
}

func TestHostTypes(t *testing.T) {
	table := New([]Rule[string]{
		mustRule(t, "any", nil, "", ""),
		mustRule(t, "exact", []string{"Example.com", "other.org"}, "", ""),
		mustRule(t, "wild", []string{"*.example.com"}, "", ""),
		mustRule(t, "regex", []string{`~^(?P<tenant>[a-z]+)\.Tenants\.net$`}, "", ""),
		mustRule(t, "ip6", []string{"[2001:DB8::1]"}, "", ""),
		mustRule(t, "bare6", []string{"::1"}, "", ""),
		mustRule(t, "port", []string{"ports.com:8080"}, "", ""),
		mustRule(t, "https", []string{"ports.com:80"}, "prefix", "/plain"),
	})
	for _, c := range []struct{ authority, want string }{
		{"example.com", "exact"}, {"EXAMPLE.com:8080", "exact"}, {"example.com.", "exact"},
		{"example.com.:80", "exact"}, {"other.org", "exact"},
		{"a.example.com", "wild"}, {"a.b.Example.com:1", "wild"}, {"xexample.com", "any"}, {".example.com", "wild"},
		{"acme.tenants.net", "regex"}, {"ACME.tenants.net", "regex"}, {"a1.tenants.net", "any"},
		{"[2001:db8::1]:443", "ip6"}, {"[2001:db8::1]", "ip6"}, {"[::1]:80", "bare6"},
		{"ports.com:8080", "port"}, {"ports.com", "any"}, {"ports.com:80", "any"},
		{"", "any"}, {".", "any"},
	} {
		expect(t, table, c.authority, "/", c.want)
	}
	expect(t, table, "ports.com", "/plain", "https")
	expect(t, table, "ports.com:81", "/plain", "any")
}

// The figures of the contract, one against the next.
func TestDefaultPriority(t *testing.T) {
	long := "/" + string(slices.Repeat([]byte("x"), 80))
	for _, c := range []struct {
		host, pathType, path string
		want                 int
	}{
		{"", "", "", 0}, {"", "prefix", "/", 0}, {"", "exact", "/", 1025}, {"", "prefix", "/api", 516},
		{"", "regex", "^/a", 259}, {"", "prefix", long, 576}, {"a.b", "", "", 128}, {"*.a.b", "exact", "/a", 1122},
		{"~^abc$", "prefix", "/api", 521}, {"~^abc$" + long, "", "", 64},
	} {
		var hosts []string
		if c.host != "" {
			hosts = []string{c.host}
		}
		got := New([]Rule[string]{mustRule(t, "r", hosts, c.pathType, c.path)}).All()[0].Priority
		if got != c.want {
			t.Errorf("priority of %q %s %q = %d, want %d", c.host, c.pathType, c.path, got, c.want)
		}
	}
}

func TestOrder(t *testing.T) {
	high, low := 5000, -1
	first := mustRule(t, "low", nil, "exact", "/a")
	first.Priority = &low
	second := mustRule(t, "high", nil, "", "")
	second.Priority, second.Methods = &high, []string{"PUT"}
	table := New([]Rule[string]{
		first, second,
		mustRule(t, "one", nil, "prefix", "/a"),
		mustRule(t, "two", nil, "prefix", "/a"),
		mustRule(t, "two hosts", []string{"~^z", "h.com"}, "prefix", "/a"),
	})
	expect(t, table, "h.com", "/a", "two hosts")
	expect(t, table, "z", "/a", "two hosts")
	expect(t, table, "x", "/a", "one")
	var m Match
	if got, _ := table.Match(request("PUT", "h.com", "/a"), &m); got != "high" {
		t.Errorf("PUT goes to %q", got)
	}
	var names []string
	for _, l := range table.All() {
		names = append(names, l.Name)
	}
	want := []string{"high", "two hosts", "two hosts", "one", "two", "low"}
	if !slices.Equal(names, want) {
		t.Errorf("listed as %q, want %q", names, want)
	}
}

// One order for both origins: priority first, and a configured route wins a tie.
func TestAutomaticRoutes(t *testing.T) {
	table := New([]Rule[string]{mustRule(t, "configured", []string{"h"}, "prefix", "/a")})
	table = table.With(map[string][]Rule[string]{
		"late":  {mustRule(t, "same", []string{"h"}, "prefix", "/a"), mustRule(t, "longer", []string{"h"}, "prefix", "/a/b")},
		"early": {mustRule(t, "other", []string{"h"}, "prefix", "/b")},
	})
	expect(t, table, "h", "/a", "configured")
	expect(t, table, "h", "/a/b", "longer")
	expect(t, table, "h", "/b", "other")
	list := table.All()
	if l := list[0]; l.Name != "longer" || l.Origin != Automatic || l.Group != "late" {
		t.Errorf("first listed is %+v", l)
	}
	table = table.With(map[string][]Rule[string]{"late": {mustRule(t, "same", []string{"h"}, "prefix", "/b")}})
	expect(t, table, "h", "/a/b", "configured")
	expect(t, table, "h", "/b", "other")
	table = table.With(map[string][]Rule[string]{"early": nil})
	expect(t, table, "h", "/b", "same")
	if table.Len() != 2 {
		t.Errorf("%d rules", table.Len())
	}
}

func TestConditions(t *testing.T) {
	rule := mustRule(t, "beta", nil, "prefix", "/a")
	for part, texts := range [][]string{Header: {"X-Group: beta", "x-there"}, Query: {"v:2 0", "debug"}, Cookie: {"id", "kind:x"}} {
		conditions, err := ParseConditions(Part(part), texts)
		if err != nil {
			t.Fatal(err)
		}
		rule.Conditions = append(rule.Conditions, conditions...)
	}
	table := New([]Rule[string]{rule, mustRule(t, "plain", nil, "prefix", "/a")})
	for name, c := range map[string]struct {
		group, there, query, cookie, want string
	}{
		"all met":               {"beta", "1", "v=1&v=2+0&debug", "kind=x; id=", "beta"},
		"other header value":    {"gamma", "1", "v=2+0&debug", "kind=x; id=", "plain"},
		"no second header":      {"beta", "", "v=2+0&debug", "kind=x; id=", "plain"},
		"other query value":     {"beta", "1", "v=20&debug", "kind=x; id=", "plain"},
		"no query":              {"beta", "1", "", "kind=x; id=", "plain"},
		"no cookie of the name": {"beta", "1", "v=2%200&debug", "kind=x; ID=", "plain"},
	} {
		req := request("GET", "h", "/a")
		req.Query = c.query
		req.Header.Add("x-group", "other")
		req.Header.Add("x-group", c.group)
		req.Header.Add("Cookie", c.cookie)
		if c.there != "" {
			req.Header.Add("X-There", c.there)
		}
		var m Match
		if got, _ := table.Match(req, &m); got != c.want {
			t.Errorf("%s: goes to %q, want %q", name, got, c.want)
		}
	}
}

func TestCaptures(t *testing.T) {
	table := New([]Rule[string]{
		mustRule(t, "both", []string{`~^(?P<tenant>\w+)\.x$`}, "regex", `^/v(?P<version>\d+)(/(?P<rest>.*))?$`),
		mustRule(t, "none", nil, "", ""),
	})
	var m Match
	table.Match(request("GET", "Acme.x:80", "/v2"), &m)
	want := []Capture{{"tenant", "acme"}, {"version", "2"}, {"rest", ""}}
	if !slices.Equal(m.Captures, want) {
		t.Errorf("captured %v, want %v", m.Captures, want)
	}
	table.Match(request("GET", "h", "/"), &m)
	if len(m.Captures) != 0 {
		t.Errorf("%v left from the request before", m.Captures)
	}
}

func TestZeroTable(t *testing.T) {
	var table Table[string]
	expect(t, &table, "h", "/", "")
	if table.Len() != 0 || len(table.All()) != 0 {
		t.Error("the zero table lists routes")
	}
}

func TestBadRules(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{pathError("prefix", "api"), `path "api" does not begin with "/"`},
		{pathError("exact", ""), `does not begin with "/"`},
		{pathError("regex", ""), "the path expression is empty"},
		{pathError("regex", "("), "missing closing )"},
		{pathError("glob", "/a"), "none of prefix, exact, regex"},
		{hostError("~("), "missing closing )"},
		{hostError("~"), "the host expression is empty"},
		{hostError("api.*"), "use an expression"},
		{hostError("a b"), "has the character ' '"},
		{hostError(""), "is not a name"},
		{hostError("h:0"), `"0" is not a port`},
		{hostError("[::zz]"), "is not an address"},
		{conditionError(Query, ":x"), "has no name"},
		{conditionError(Header, "host:x"), "has a key of its own"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want %q", c.err, c.want)
		}
	}
}

func pathError(pathType, text string) error {
	_, err := ParsePath(pathType, text)
	return err
}

func hostError(text string) error {
	_, err := ParseHosts([]string{text})
	return err
}

func conditionError(part Part, text string) error {
	_, err := ParseConditions(part, []string{text})
	return err
}
