package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocsListEveryMetric wants docs/operations.md to have a row with the labels
// of every family, and no row for a family that is not there.
func TestDocsListEveryMetric(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(pingap_[a-z_]+)` \\| ([^|]*)\\|")
	documented := make(map[string]string)
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		labels := regexp.MustCompile("[a-z]+").FindAllString(m[2], -1)
		slices.Sort(labels)
		documented[m[1]] = strings.Join(labels, ",")
	}
	for name, labels := range contract {
		if got, ok := documented[name]; !ok || got != labels {
			t.Errorf("%s{%s} is documented as {%s} (present: %v)", name, labels, got, ok)
		}
	}
	for name := range documented {
		if _, ok := contract[name]; !ok {
			t.Errorf("%s is documented and does not exist", name)
		}
	}
}
