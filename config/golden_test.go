package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testEnv is what the files in testdata may use of the environment.
func testEnv(name string) (string, bool) {
	value, ok := map[string]string{
		"NOMAD_ADDR_web":  "127.0.0.1:8081",
		"NOMAD_PORT_http": "8080",
		"EMPTY":           "",
	}[name]
	return value, ok
}

// TestGolden loads every file of testdata: a .good.toml has no problem, a
// .bad.toml has exactly those in its lines that begin with "#= ".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(file), string(text), testEnv)
			sameLines(t, problemLines(t, err), wantedLines(string(text)))
		})
	}
}

// wantedLines are the problems that a golden file announces.
func wantedLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if want, ok := strings.CutPrefix(strings.TrimSpace(line), "#= "); ok {
			lines = append(lines, want)
		}
	}
	return lines
}

// problemLines are the lines of an error that is nil or Problems.
func problemLines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	problems, ok := errors.AsType[Problems](err)
	if !ok {
		t.Fatalf("error is %T, not Problems: %v", err, err)
	}
	return strings.Split(problems.Error(), "\n")
}

func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case i >= len(want):
			t.Errorf("too many: %s", got[i])
		case got[i] != want[i]:
			t.Errorf("got:  %s\nwant: %s", got[i], want[i])
		}
	}
}
