package http1

import "testing"

func TestNormalPath(t *testing.T) {
	tests := []struct{ name, path, want string }{
		{"root", "/", "/"},
		{"plain", "/a/b.c/d", "/a/b.c/d"},
		{"repeated slashes stay", "//a///b//", "//a///b//"},
		{"one dot", "/a/./b", "/a/b"},
		{"one dot at the end", "/a/.", "/a/"},
		{"only one dot", "/.", "/"},
		{"two dots", "/a/b/../c", "/a/c"},
		{"two dots at the end", "/a/b/..", "/a/"},
		{"two dots to the root", "/a/..", "/"},
		{"two dots after two slashes", "/a//../b", "/a/b"},
		{"many dots", "/a/b/c/./../../g", "/a/g"},
		{"dots that are names", "/.a/..b/c./d../.../e", "/.a/..b/c./d../.../e"},
		{"dots with parameters are names", "/a/..;x/b", "/a/..;x/b"},
		{"needless escapes", "/%61%2D%7e%5f%30", "/a-~_0"},
		{"escapes in lower case", "/%c3%a9%2f", "/%C3%A9%2F"},
		{"escaped dots", "/a/%2e%2E/b/%2e/c", "/b/c"},
		{"half escaped dots", "/a/.%2e/b", "/b"},
		{"escaped slash is no slash", "/a/..%2fb", "/a/..%2Fb"},
		{"escaped backslash stays", "/a/..%5cb", "/a/..%5Cb"},
		{"NUL, CR, LF and space stay escaped", "/%00%0d%0a%20", "/%00%0D%0A%20"},
		{"escaped percent is not undone", "/%252e%252e/", "/%252e%252e/"},
		{"reserved characters stay escaped", "/%3f%23%3B%40", "/%3F%23%3B%40"},
		{"other characters stay", "/a'(b)*!$&+,;=:@|{}^`\"<>[]", "/a'(b)*!$&+,;=:@|{}^`\"<>[]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, p := normalPath(tt.path)
			if got != tt.want || p != "" {
				t.Errorf("normalPath(%q) = %q, %q; want %q", tt.path, got, p, tt.want)
			}
			if again, p := normalPath(got); again != got || p != "" {
				t.Errorf("a second time: %q, %q", again, p)
			}
		})
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	for path, want := range map[string]Problem{
		"/..": aboveRoot, "/../a": aboveRoot, "/a/../..": aboveRoot, "/a/../../b": aboveRoot, "/%2e%2e/a": aboveRoot, "/./../a": aboveRoot,
		"/%": badEscape, "/%a": badEscape, "/%g1": badEscape, "/%1g": badEscape, "/%%41": badEscape, "/a%2": badEscape, "/%-1": badEscape,
	} {
		if got, p := normalPath(path); p != want {
			t.Errorf("normalPath(%q) = %q, %q; want %q", path, got, p, want)
		}
	}
}
