// Package web is the admin's web page: pools with their endpoints and why each
// is in or out, the routes in the order of matching, the reload button.
//
//	admin.New(admin.Options{Page: web.Handler()})
//
// The page is plain HTML, CSS and JavaScript in web/page, embedded as it is: no
// build step and nothing from elsewhere. It holds no data; its script asks the
// admin API every two seconds, with the token when one is set, and writes what
// it gets as text, never as markup.
package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed page
var files embed.FS

// Handler serves the page at "/" and its files beside it, each with an ETag, so
// that a browser fetches them once a version. Anything else is 404.
func Handler() http.Handler {
	mux := http.NewServeMux()
	entries, err := fs.ReadDir(files, "page")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	for _, entry := range entries {
		name := entry.Name()
		content, err := files.ReadFile("page/" + name)
		if err != nil {
			panic(err)
		}
		pattern := "/" + name
		if name == "index.html" {
			pattern = "/{$}"
		}
		mux.Handle(pattern, newFile(name, string(content)))
	}
	return mux
}

// file is one embedded file.
type file struct {
	name, content, kind, etag string
}

func newFile(name, content string) *file {
	sum := sha256.Sum256([]byte(content))
	kind := mime.TypeByExtension(path.Ext(name))
	if strings.HasSuffix(name, ".js") {
		kind = "text/javascript; charset=utf-8" // whatever the machine's own table says
	}
	return &file{name: name, content: content, kind: kind, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP implements http.Handler.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache") // ask each time, mostly for a 304
	h.Set("ETag", f.etag)
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write([]byte(f.content))
}
