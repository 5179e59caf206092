package http1

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestDocsNameEveryRow holds docs/http1.md and the tests to each other: the
// tests that a row names exist, and rows with cases name their test.
func TestDocsNameEveryRow(t *testing.T) {
	page := read(t, "../../docs/http1.md")
	var code string
	for _, glob := range []string{".", "..", "../http2", "../../message", "../../upstream", "../../internal/wire", "../../internal/differential"} {
		entries, err := os.ReadDir(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), "_test.go") {
				code += read(t, glob+"/"+e.Name())
			}
		}
	}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(page, -1) {
		if !strings.Contains(code, "func "+name[1]+"(") {
			t.Errorf("the page names %s, which does not exist", name[1])
		}
	}
	rows := map[int]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \|.*$`).FindAllStringSubmatch(page, -1) {
		number, _ := strconv.Atoi(row[1])
		rows[number] = row[0]
	}
	if len(rows) != 31 {
		t.Errorf("%d rows, want 31", len(rows))
	}
	for name, rules := range map[string][]int{
		"TestRequestRules": rowsOf(requestRules), "TestResponseRules": rowsOf(responseRules), "TestChunkedRules": rowsOfChunks(),
	} {
		for _, row := range rules {
			if row > 0 && !strings.Contains(rows[row], "`"+name+"`") {
				t.Errorf("row %d has cases in %s, which docs/http1.md does not say", row, name)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func rowsOf(rules []rule) (rows []int) {
	for _, r := range rules {
		rows = append(rows, r.row)
	}
	return rows
}

func rowsOfChunks() (rows []int) {
	for _, r := range chunkRules {
		rows = append(rows, r.row)
	}
	return rows
}
