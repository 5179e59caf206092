// Package docs finds the fenced code blocks in the project's Markdown, so that
// tests can run what the pages show and no page goes stale.
//
//	blocks, err := docs.Blocks("..", "toml")
//
// The first word behind the fence is the language. A second one says how a test
// should take the block. For TOML: none = a configuration that loads as it
// stands; "fragment" = a part of one, which may name upstreams, locations,
// plugins and servers that it does not show; "ignore" = no configuration of ours.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Block is one fenced code block.
type Block struct {
	// File is the page's path, and Line the line of the opening fence, from 1.
	File string
	Line int
	// Kind is the second word behind the fence, or empty.
	Kind string
	// Text is what stands between the fences. Line breaks in front of it give
	// its lines the numbers that they have in the page.
	Text string
}

// Blocks returns the blocks of one language from all *.md files below root, in
// the order of the files. Hidden directories, bin and testdata are left out.
func Blocks(root, language string) ([]Block, error) {
	var blocks []Block
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && isSkipped(entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(name)
		blocks = append(blocks, parse(name, string(text), language)...)
		return err
	})
	return blocks, err
}

func isSkipped(dir string) bool {
	return strings.HasPrefix(dir, ".") || slices.Contains([]string{"bin", "node_modules", "testdata"}, dir)
}

// parse finds the blocks of one page.
func parse(file, text, language string) []Block {
	const fence = "```"
	var blocks []Block
	var open *Block // the block that the current line is inside of
	var wanted bool
	number := 0
	for line := range strings.Lines(text) {
		number++
		info, isFence := strings.CutPrefix(strings.TrimSpace(line), fence)
		switch {
		case !isFence && open != nil:
			open.Text += line
		case !isFence:
		case open != nil:
			if wanted {
				blocks = append(blocks, *open)
			}
			open = nil
		default:
			words := append(strings.Fields(info), "", "")
			wanted = words[0] == language
			open = &Block{File: file, Line: number, Kind: words[1], Text: strings.Repeat("\n", number)}
		}
	}
	return blocks
}
