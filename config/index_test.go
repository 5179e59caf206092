package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestIndexFindsKeys(t *testing.T) {
	cases := []struct {
		name, text string
		want       map[string]string // dotted path: line:col
	}{
		{"keys and tables", "a = 1\n\n[t]\n  b = 2\n", map[string]string{"a": "1:1", "t": "3:1", "t.b": "4:3"}},
		{"nested headers", "[a.b.c]\nd = 1\n[a.x]\ny = 2", map[string]string{"a": "1:1", "a.b.c.d": "2:1", "a.x": "3:1", "a.x.y": "4:1"}},
		{"dotted keys", "[s]\na.b = 1\na . c = 2\n", map[string]string{"s.a": "2:1", "s.a.b": "2:1", "s.a.c": "3:1"}},
		{"quoted keys", "[\"a.b\".'c d']\n\"e\\u0066\" = 1\n", map[string]string{"a.b": "1:1", "a.b|c d": "1:1", "a.b|c d|ef": "2:1"}},
		{"strings with signs of their own", "a = \"x = 1 # [y]\\\"\"\nb = 'c:\\' # it's\nd = 2", map[string]string{"b": "2:1", "d": "3:1"}},
		{"multi-line strings", "a = \"\"\"\nb = 1\n\\\"\"\"\"\"\"\nc = '''\nd = 1''''\ne = 2", map[string]string{"c": "4:1", "e": "6:1"}},
		{"arrays", "a = [1, # one\n  'two',\n  [3, 4],\n]\nb = 1", map[string]string{"a|[0]": "1:6", "a|[1]": "2:3", "a|[2]": "3:3", "a|[2]|[1]": "3:7", "b": "5:1"}},
		{"inline tables", "a = { b = 1, c.d = [{ e = 2 }, { e = 3 }] }", map[string]string{"a.b": "1:7", "a.c": "1:14", "a.c.d": "1:14", "a|c|d|[1]|e": "1:34"}},
		{"arrays of tables", "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\nf = 4", map[string]string{"a": "1:1", "a|[1]|b": "4:1", "a|[1]|c|d": "6:1", "a|[1]|e|[0]|f": "8:1"}},
		{"dates with a space", "a = 1979-05-27 07:32:00\nb = 1", map[string]string{"b": "2:1"}},
		{"Windows line ends", "a = 1\r\nb = [\r\n 1 ]\r\nc = 1", map[string]string{"b": "2:1", "b|[0]": "3:2", "c": "4:1"}},
		{"columns count characters", "t = { é = 'ü', b = 1 }", nil},
		{"columns after umlauts", "t = { a = 'üü', b = 1 }", map[string]string{"t.b": "1:17"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found := indexText("f", c.text)
			for at, want := range c.want {
				steps := strings.Split(at, "|")
				if !strings.Contains(at, "|") && !found.has(steps) {
					steps = strings.Split(at, ".")
				}
				place := found[path(steps).id()]
				if got := fmt.Sprintf("%d:%d", place.line, place.col); got != want {
					t.Errorf("%s at %s, want %s", at, got, want)
				}
			}
		})
	}
}

// The index must know every key that the TOML library knows.
func checkIndexComplete(t *testing.T, text string) {
	t.Helper()
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		return
	}
	requirePlaces(t, indexText("f", text), nil, tree, text)
}

func requirePlaces(t *testing.T, found positions, at path, value any, text string) {
	t.Helper()
	if len(at) > 0 && found[at.id()].line == 0 {
		t.Fatalf("no place for %q in:\n%s", at, text)
	}
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			requirePlaces(t, found, at.to(key), inner, text)
		}
	case []map[string]any:
		for i, inner := range v {
			requirePlaces(t, found, at.to(element(i)), inner, text)
		}
	case []any:
		for i, inner := range v {
			requirePlaces(t, found, at.to(element(i)), inner, text)
		}
	}
}
