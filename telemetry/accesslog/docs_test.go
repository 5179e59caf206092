package accesslog

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocsListEveryTag wants docs/operations.md to name every tag and format,
// and every tag it names to compile.
func TestDocsListEveryTag(t *testing.T) {
	content, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	for name := range fields {
		if !strings.Contains(page, "{"+name+"}") {
			t.Errorf("tag {%s} is not documented", name)
		}
	}
	for name := range times {
		if !strings.Contains(page, "{"+name+"}") {
			t.Errorf("tag {%s} is not documented", name)
		}
	}
	for name, format := range presets {
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("format %s is not documented", name)
		}
		if (name == "short" || name == "tiny") && !strings.Contains(page, "`"+format+"`") {
			t.Errorf("format %s is documented otherwise than it is", name)
		}
	}
	for _, tag := range regexp.MustCompile("`(\\{[^`]+\\})`").FindAllStringSubmatch(page, -1) {
		if strings.HasPrefix(tag[1], `{"`) {
			continue // an example of JSON
		}
		if _, err := Compile(tag[1]); err != nil {
			t.Errorf("documented tag %s: %v", tag[1], err)
		}
	}
}
