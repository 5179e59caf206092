package docs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestBlocks(t *testing.T) {
	root := t.TempDir()
	page := strings.ReplaceAll(`# Page

'''toml
a = 1
'''
Text.
- item
  '''toml fragment
  b = 2
  '''
'''sh
'''
'''toml ignore
'''
`, "'''", "```")
	for name, text := range map[string]string{
		"a/page.md": page, "a/page.txt": page, ".git/x.md": page, "testdata/x.md": page,
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(root, "a/page.md")
	want := []Block{
		{File: file, Line: 3, Text: "\n\n\na = 1\n"},
		{File: file, Line: 8, Kind: "fragment", Text: strings.Repeat("\n", 8) + "  b = 2\n"},
		{File: file, Line: 13, Kind: "ignore", Text: strings.Repeat("\n", 13)},
	}
	got, err := Blocks(root, "toml")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("blocks = %+v, %v", got, err)
	}
}
