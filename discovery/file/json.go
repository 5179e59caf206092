package file

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// parseJSON takes [{…}] and {"endpoints": [{…}]}.
func parseJSON(text []byte) (items []item, line int, err error) {
	elements, at, err := jsonElements(text)
	if err != nil {
		return nil, lineAt(text, at), err
	}
	from := 0
	for _, element := range elements {
		from += bytes.Index(text[from:], element) // an element is a piece of text
		var it item
		if at, err := decodeJSON(element, &it); err != nil {
			return nil, lineAt(text, from+at), err
		}
		it.line = lineAt(text, from)
		items = append(items, it)
		from += len(element)
	}
	return items, 0, nil
}

func jsonElements(text []byte) (elements []json.RawMessage, at int, err error) {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		at, err = decodeJSON(text, &elements)
		return elements, at, err
	}
	var document struct {
		Endpoints *[]json.RawMessage `json:"endpoints"`
	}
	if at, err = decodeJSON(text, &document); err != nil {
		return nil, at, err
	}
	if document.Endpoints == nil {
		return nil, 0, errors.New(`there is no list "endpoints"`)
	}
	return *document.Endpoints, 0, nil
}

// decodeJSON takes exactly one value without unknown keys. On error it says how
// far into text it got.
func decodeJSON(text []byte, into any) (at int, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		if _, err := decoder.Token(); err != io.EOF {
			return int(decoder.InputOffset()), errors.New("there is more after the list")
		}
		return 0, nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return len(text), errors.New("the file ends in the middle of the list")
	case errors.As(err, &syntax):
		return int(syntax.Offset), errors.New(syntax.Error())
	case errors.As(err, &kind):
		return int(kind.Offset), errors.New(cmp.Or(kind.Field, "an endpoint") + " cannot be a " + kind.Value)
	default:
		return unknownField(text, err)
	}
}

// unknownField finds the key that an error of the json package names.
func unknownField(text []byte, err error) (at int, named error) {
	message := strings.TrimPrefix(err.Error(), "json: ")
	if key, ok := strings.CutPrefix(message, "unknown field "); ok {
		return max(bytes.Index(text, []byte(key)), 0), errors.New(key + " is not a key of endpoint lists")
	}
	return 0, errors.New(message)
}

// lineAt is the line, counted from 1, of a byte of text.
func lineAt(text []byte, at int) int {
	return 1 + bytes.Count(text[:min(at, len(text))], []byte("\n"))
}
