package playground

import (
	"embed"
	"io/fs"
)

//go:embed page
var files embed.FS

// page holds the page's files: plain HTML, CSS and JavaScript, nothing from
// elsewhere, no build step.
func page() fs.FS {
	sub, err := fs.Sub(files, "page")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	return sub
}
