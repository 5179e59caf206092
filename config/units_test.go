package config

import "testing"

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "512": 512, "64kb": 64 << 10, "64K": 64 << 10, "10 MB": 10 << 20, "1gib": 1 << 30, "7b": 7,
	} {
		if got, ok := parseSize(text); !ok || got != want {
			t.Errorf("%q = %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "kb", "1.5mb", "10 apples", "9223372036854775807kb"} {
		if got, ok := parseSize(text); ok {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
	for size, want := range map[Size]string{0: "0", 512: "512", 64 << 10: "64kb", 3 << 20: "3mb", 1<<30 + 1: "1073741825"} {
		if got := size.String(); got != want {
			t.Errorf("%d is written %q, want %q", size, got, want)
		}
	}
}
