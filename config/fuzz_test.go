package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// FuzzParse: whatever the text, Parse neither panics nor answers with anything
// but a Config or Problems that stand somewhere, and the index knows every key
// that the TOML library knows.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.toml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("[[servers]]\n[locations.\"[0]\"]\nupstream = [[[]]]")
	f.Add("\x00")
	f.Add("a.b.c = {d = [{e = '''x'''}]}\n[a.b.f]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) {
			checkIndexComplete(t, text)
		}
		cfg, err := Parse("f.toml", text, testEnv)
		if err == nil {
			cfg.Masked()
			return
		}
		problems, ok := errors.AsType[Problems](err)
		if !ok || len(problems) == 0 || cfg != nil {
			t.Fatalf("Parse = %v, %#v", cfg, err)
		}
		for _, p := range problems {
			if p.File == "" && p.Line != 0 || p.Text == "" {
				t.Fatalf("problem without file or text: %#v", p)
			}
		}
	})
}
