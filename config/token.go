package config

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// stringToken reads over a string of any of TOML's four forms and returns it
// with its quotes.
func (ix *indexer) stringToken() string {
	start, quote := ix.pos, ix.text[ix.pos:ix.pos+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(ix.text[ix.pos:], long) {
		ix.pos += 3
		ix.seek(long, quote == `"`)
		// Up to two quotes may stand right before the closing three.
		for n := 0; n < 2 && strings.HasPrefix(ix.text[ix.pos:], quote); n++ {
			ix.pos++
		}
	} else {
		ix.pos++
		ix.seek(quote, quote == `"`)
	}
	return ix.text[start:ix.pos]
}

// seek moves behind the next end; with escapes, a backslash hides what follows it.
func (ix *indexer) seek(end string, escapes bool) {
	for ix.pos < len(ix.text) {
		switch {
		case escapes && ix.text[ix.pos] == '\\':
			ix.pos = min(ix.pos+2, len(ix.text))
		case strings.HasPrefix(ix.text[ix.pos:], end):
			ix.pos += len(end)
			return
		default:
			ix.pos++
		}
	}
}

// unquote is the text of a quoted key. The TOML library undoes the escapes.
func unquote(token string) string {
	if len(token) < 2 || !strings.Contains(token, `\`) || token[0] == '\'' {
		return strings.Trim(token, token[:min(1, len(token))])
	}
	var holder struct{ V string }
	if _, err := toml.Decode("V = "+token, &holder); err != nil {
		return token
	}
	return holder.V
}
