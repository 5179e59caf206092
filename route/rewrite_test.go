package route

import (
	"strings"
	"testing"
)

func mustRewrite(t testing.TB, pathType, path, host, rewrite string) *Rewrite {
	t.Helper()
	var hosts []string
	if host != "" {
		hosts = []string{host}
	}
	rule := mustRule(t, "r", hosts, pathType, path)
	r, err := ParseRewrite(rewrite, rule.Path, rule.Hosts)
	if err != nil {
		t.Fatalf("%s %s %q: %v", pathType, path, rewrite, err)
	}
	return r
}

func TestRewrite(t *testing.T) {
	for _, c := range []struct{ pathType, path, rewrite, from, to string }{
		{"prefix", "/api", "/", "/api/users", "/users"},
		{"prefix", "/api", "/", "/api", "/"},
		{"prefix", "/api", "/", "/api/", "/"},
		{"prefix", "/api/", "/", "/api/users", "/users"},
		{"prefix", "/api", "/v2", "/api/users", "/v2/users"},
		{"prefix", "/api", "/v2/", "/api/users", "/v2/users"},
		{"prefix", "/api", "/v2/", "/api", "/v2/"},
		{"prefix", "/api", "/v2", "/api", "/v2"},
		{"prefix", "/", "/v2", "/users", "/v2/users"},
		{"prefix", "", "/v2", "/", "/v2/"},
		{"prefix", "/api", "", "/api/users", "/api/users"},
		{"prefix", "/caf%c3%a9", "/x", "/caf%C3%A9/y", "/x/y"},
		{"exact", "/old", "/new", "/old", "/new"},
		{"regex", `^/u/(\d+)/(?P<tail>.*)$`, "/users/$1/$tail", "/u/7/a/b", "/users/7/a/b"},
		{"regex", `^/u/(?P<tail>.*)$`, "$tail", "/u/a", "/a"},
		{"regex", `/u`, "/all", "/x/u/y", "/all"},
		{"starts_with", "/foo", "/", "/foobar", "/bar"},
		// Two words: expression and replacement.
		{"prefix", "/api", "^/api/ /", "/api/users", "/users"},
		{"prefix", "/api", "^/nothing/ /", "/api/users", "/api/users"},
		{"prefix", "/", `^/(\w+)/(\w+)$ /$2/$1`, "/a/b", "/b/a"},
		{"prefix", "/", `^/(\w+)/(\w+)$ /$2x${1}y$$`, "/a/b", "/bxay$"},
		{"prefix", "/", `^/(?P<first>\w+) $0/${first}`, "/a/b", "/a/a/b"},
		{"prefix", "/", `^/(x)?a$ /[$1]`, "/a", "/[]"},
		{"prefix", "/", `^/a/ users/`, "/a/b", "/users/b"},
		{"prefix", "/", `^/a /..`, "/a/b", "/b"},
		{"prefix", "/", `^/a/(.*)$ /b/$1`, "/a/%2F", "/b/%2F"},
	} {
		r := mustRewrite(t, c.pathType, c.path, "", c.rewrite)
		if got := r.Apply(c.from, nil); got != c.to {
			t.Errorf("%s %q, rewrite %q: %q becomes %q, want %q", c.pathType, c.path, c.rewrite, c.from, got, c.to)
		}
	}
}

// A name that is the beginning of another, or a word of the text, stays what it
// is: Pingap replaces the bare name wherever it finds it.
func TestRewriteWithCaptures(t *testing.T) {
	r := mustRewrite(t, "prefix", "/", `~^(?P<id>\w+)\.(?P<idea>\w+)$`, "/idle/$id/$idea")
	captures := []Capture{{"id", "7"}, {"idea", "sun"}}
	if got := mustRewrite(t, "prefix", "/api", `~^(?P<id>\w+)$`, "/$id/").Apply("/api/x", captures); got != "/7/x" {
		t.Errorf("became %q", got)
	}
	if got := r.Apply("/x", captures); got != "/idle/7/sun/x" {
		t.Errorf("became %q", got)
	}
}

func TestRewriteErrors(t *testing.T) {
	for _, c := range []struct{ rewrite, want string }{
		{"a b c", "has 3 words"},
		{"users", `does not begin with "/"`},
		{"/x?a=1", "the query is kept"},
		{"^/a /x?a=1", "the query is kept"},
		{"^/(a /x", "missing closing )"},
		{"^/(a) /$2", "uses $2, but the groups of its expression end at $1"},
		{"^/(a) /$name", "uses $name, but no group has that name"},
		{"^/(a) /${1", "without a name"},
		{"^/(a) /$-", "without a group"},
	} {
		_, err := ParseRewrite(c.rewrite, Path{}, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.rewrite, err, c.want)
		}
	}
}

func TestStrip(t *testing.T) {
	for _, c := range []struct{ strip, prepend, from, to string }{
		{"/p", "", "/p/x", "/x"}, {"/p", "", "/p", "/"}, {"/p", "", "/px", "/x"}, {"/p", "", "/q", "/q"},
		{"", "/v", "/x", "/v/x"}, {"", "/v/", "/", "/v/"}, {"/p", "/v", "/p/x", "/v/x"}, {"/p", "/v", "/q", "/v/q"},
		{"", "", "/x", "/x"},
	} {
		if got := NewStrip(c.strip, c.prepend).Apply(c.from, nil); got != c.to {
			t.Errorf("strip=%s prepend=%s: %q becomes %q, want %q", c.strip, c.prepend, c.from, got, c.to)
		}
	}
}

func TestRewriteAllocations(t *testing.T) {
	for _, c := range []struct {
		name, rewrite, path string
		most                float64
	}{
		{"no rewrite", "", "/api/x", 0},
		{"prefix taken off", "/", "/api/x", 0},
		{"prefix replaced", "/v2", "/api/x", 1},
		{"expression finds nothing", "^/nothing /", "/api/x", 0},
	} {
		r := mustRewrite(t, "prefix", "/api", "", c.rewrite)
		if n := testing.AllocsPerRun(100, func() { r.Apply(c.path, nil) }); n > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.name, n, c.most)
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"/", "/"}, {"", "/"}, {"a", "/a"}, {"/a/b", "/a/b"}, {"//a", "//a"},
		{"/a/./b", "/a/b"}, {"/a/../b", "/b"}, {"/..", "/"}, {"/../../a", "/a"}, {"/a/.", "/a/"}, {"/a/b/..", "/a/"},
		{"/.a/..b/c.", "/.a/..b/c."}, {"/%2e%2E/a", "/a"},
		{"/%61%7e%2d", "/a~-"}, {"/%2f%c3", "/%2F%C3"}, {"/é x", "/%C3%A9%20x"}, {"/%", "/%25"}, {"/%4", "/%254"}, {"/%zz", "/%25zz"},
		{"/a;b=c,d:@&+$!'()*[]|", "/a;b=c,d:@&+$!'()*[]|"}, {`/a\b?#`, "/a%5Cb%3F%23"},
	} {
		if got := Normalize(c.from); got != c.to {
			t.Errorf("Normalize(%q) = %q, want %q", c.from, got, c.to)
		}
		if again := Normalize(c.to); again != c.to {
			t.Errorf("Normalize is not done with %q: %q", c.to, again)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"/a/../b", "/%2e%2e/%zz", "x//./y", "/%25%32%65"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		once := Normalize(path)
		if !strings.HasPrefix(once, "/") || hasDots(once) {
			t.Errorf("Normalize(%q) = %q is not normal", path, once)
		}
		if twice := Normalize(once); twice != once {
			t.Errorf("Normalize(%q) = %q, and again %q", path, once, twice)
		}
	})
}
