package proxy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every kind of answer that these packages make has a row in docs/answers.md.
func TestEveryErrorTypeIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/answers.md")
	if err != nil {
		t.Fatal(err)
	}
	kind := regexp.MustCompile(`(?:Type: |upstreamFault\(\d+, |, )"([a-z]+(?:_[a-z]+)+|internal|forbidden)"`)
	words := map[string]bool{
		"bad_request": true, "header_too_large": true, "uri_too_long": true, "body_too_large": true, "no_route": true,
		"too_many_requests": true, "client_timeout": true, "no_endpoint": true, "connect_failed": true,
		"upstream_reset": true, "bad_response": true, "upstream_timeout": true,
	}
	for _, dir := range []string{".", "http1", "http2", "../upstream", "../engine", "../plugin"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil || strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, line := range regexp.MustCompile(`(?m)^.*(?:message\.Fault\{|upstreamFault\().*$`).FindAllString(string(source), -1) {
				for _, found := range kind.FindAllStringSubmatch(line, -1) {
					words[found[1]] = true
				}
			}
		}
	}
	for word := range words {
		if !strings.Contains(string(page), "| `"+word+"` |") {
			t.Errorf("%s has no row", word)
		}
	}
}
