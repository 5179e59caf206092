package file

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

func parseTOML(text []byte) (items []item, line int, err error) {
	var list struct {
		Endpoints []item `toml:"endpoints"`
	}
	meta, err := toml.Decode(string(text), &list)
	var bad toml.ParseError
	switch {
	case errors.As(err, &bad):
		return nil, max(bad.Position.Line, 1), errors.New(bad.Message)
	case err != nil:
		line, err = mistyped(err)
		return nil, line, err
	case len(meta.Undecoded()) > 0:
		key := meta.Undecoded()[0]
		return nil, keyLine(text, key[len(key)-1]), fmt.Errorf("%q is not a key of endpoint lists", key)
	case !meta.IsDefined("endpoints"):
		return nil, 1, errors.New(`there is no list "endpoints"`)
	}
	lines := headerLines(text)
	for i := range list.Endpoints {
		list.Endpoints[i].line = 1
		if i < len(lines) {
			list.Endpoints[i].line = lines[i]
		}
	}
	return list.Endpoints, 0, nil
}

// mistyped takes apart what the toml package says of a value of the wrong type:
// "toml: line 3 (last key "endpoints.address"): incompatible types: …".
func mistyped(err error) (line int, cause error) {
	where, what, found := strings.Cut(err.Error(), "): ")
	if _, scanErr := fmt.Sscanf(where, "toml: line %d (", &line); !found || scanErr != nil {
		return 1, err
	}
	_, key, _ := strings.Cut(where, "(last key ")
	return line, fmt.Errorf("%s: %s", strings.Trim(key, `"`), what)
}

// headerLines lists the lines of the [[endpoints]] headers.
func headerLines(text []byte) (lines []int) {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if strings.HasPrefix(strings.ReplaceAll(string(line), " ", ""), "[[endpoints]]") {
			lines = append(lines, n)
		}
	}
	return lines
}

// keyLine is the first line that begins with key; 1 when there is none.
func keyLine(text []byte, key string) int {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if bytes.HasPrefix(bytes.TrimLeft(line, " \t[{"), []byte(key)) {
			return n
		}
	}
	return 1
}
