package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, path, etag string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Header.Set("If-None-Match", etag)
	rec := httptest.NewRecorder()
	Handler().ServeHTTP(rec, req)
	return rec
}

func TestFilesAreServed(t *testing.T) {
	for path, kind := range map[string]string{
		"/": "text/html", "/app.js": "text/javascript", "/style.css": "text/css", "/icon.svg": "image/svg+xml",
	} {
		rec := get(t, path, "")
		if rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), kind) || rec.Body.Len() == 0 {
			t.Errorf("%s: %d %s, %d bytes", path, rec.Code, rec.Header().Get("Content-Type"), rec.Body.Len())
		}
		if again := get(t, path, rec.Header().Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s with its ETag: %d with %d bytes, want 304", path, again.Code, again.Body.Len())
		}
	}
	for _, path := range []string{"/nope", "/page/", "/index.html", "/../web.go"} {
		if rec := get(t, path, ""); rec.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

// TestThePageTrustsNobody wants no markup made from data and nothing from elsewhere.
func TestThePageTrustsNobody(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|` +
		`\son[a-z]+=|\sstyle=|<script>|https?://`)
	allowed := "http://www.w3.org/2000/svg" // a name, never fetched
	err := fs.WalkDir(files, "page", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(content), allowed, "")
		for _, found := range forbidden.FindAllString(text, -1) {
			t.Errorf("%s has %q", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What the page names is served with it: it needs nothing else to run.
func TestThePageIsWhole(t *testing.T) {
	named := regexp.MustCompile(`(?:from "\./|src="|href=")([a-z]+\.[a-z]+)"`)
	found := 0
	err := fs.WalkDir(files, "page", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range named.FindAllStringSubmatch(string(content), -1) {
			found++
			if rec := get(t, "/"+name[1], ""); rec.Code != http.StatusOK {
				t.Errorf("%s names %s, which is not served: %d", path, name[1], rec.Code)
			}
		}
		return nil
	})
	if err != nil || found < 8 {
		t.Errorf("%d names found, error %v", found, err)
	}
}
