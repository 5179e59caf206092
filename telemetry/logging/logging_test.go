package logging

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

func TestFormats(t *testing.T) {
	for format, wanted := range map[string]string{
		"":     `msg="pool is stale" upstream=api`,
		"text": `msg="pool is stale" upstream=api`,
		"json": `"msg":"pool is stale","upstream":"api"`,
	} {
		t.Run("format "+format, func(t *testing.T) {
			var out bytes.Buffer
			log, _, err := New(&out, format, "")
			if err != nil {
				t.Fatal(err)
			}
			log.Info("pool is stale", "upstream", "api")
			if !strings.Contains(out.String(), wanted) {
				t.Errorf("line %q lacks %q", out.String(), wanted)
			}
			if format == "json" && !json.Valid(out.Bytes()) {
				t.Errorf("line %q is not JSON", out.String())
			}
		})
	}
}

func TestLevelChangesForDerivedLoggersToo(t *testing.T) {
	var out bytes.Buffer
	log, level, err := New(&out, "text", "warning")
	if err != nil {
		t.Fatal(err)
	}
	derived := log.With("part", "pool")
	derived.Info("before")
	level.Set(slog.LevelInfo)
	derived.Info("after")
	if got := out.String(); strings.Contains(got, "before") || !strings.Contains(got, "after") {
		t.Errorf("logged %q, want only what came after the change", got)
	}
}

func TestWrongWordsAreNamed(t *testing.T) {
	if _, _, err := New(nil, "xml", "info"); err == nil || !strings.Contains(err.Error(), `"xml"`) {
		t.Errorf("format xml: error %v does not name it", err)
	}
	if _, _, err := New(nil, "text", "loud"); err == nil || !strings.Contains(err.Error(), `"loud"`) {
		t.Errorf("level loud: error %v does not name it", err)
	}
	if level, err := ParseLevel("ERROR"); err != nil || level != slog.LevelError {
		t.Errorf("ParseLevel(ERROR) = %v, %v", level, err)
	}
}
