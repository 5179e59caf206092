package message

import "testing"

func TestPairs(t *testing.T) {
	var r Request
	r.Query = "a=1&b&c=x%20y&a=2&d+e=%C3%A9&bad=%2"
	r.Header.Add("Cookie", "id=7; theme=dark ; flag")
	r.Header.Add("cookie", "late=1")
	for _, c := range []struct{ name, value string }{
		{"a", "1"}, {"b", ""}, {"c", "x%20y"}, {"d e", "%C3%A9"}, {"bad", "%2"},
	} {
		if v, ok := r.QueryValue(c.name); !ok || v != c.value {
			t.Errorf("query %q = %q, %v; want %q", c.name, v, ok, c.value)
		}
	}
	if _, ok := r.QueryValue("absent"); ok {
		t.Error("an absent parameter was found")
	}
	for _, c := range []struct{ name, value string }{
		{"id", "7"}, {"theme", "dark"}, {"flag", ""}, {"late", "1"},
	} {
		if v, ok := r.Cookie(c.name); !ok || v != c.value {
			t.Errorf("cookie %q = %q, %v; want %q", c.name, v, ok, c.value)
		}
	}
	if _, ok := r.Cookie("ID"); ok {
		t.Error("cookie names have case")
	}
}

func TestEqualDecoded(t *testing.T) {
	for _, c := range []struct {
		raw, text string
		want      bool
	}{
		{"", "", true}, {"a", "a", true}, {"%61", "a", true}, {"a+b", "a b", true},
		{"a%2", "a%2", true}, {"a%zz", "a%zz", true}, {"%C3%a9", "é", true},
		{"a", "ab", false}, {"ab", "a", false}, {"%61", "%61", false},
	} {
		if got := EqualDecoded(c.raw, c.text); got != c.want {
			t.Errorf("EqualDecoded(%q, %q) = %v", c.raw, c.text, got)
		}
	}
}
