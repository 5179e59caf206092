package accesslog

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// presets are the named formats. combined and common are what Apache and nginx
// write and what log analysers read; short and tiny are Pingap's.
var presets = map[string]string{
	"combined": `{client_ip} - - [{when_clf}] "{method} {uri} {proto}" {status} {size} "{referer}" "{user_agent}"`,
	"common":   `{client_ip} - - [{when_clf}] "{method} {uri} {proto}" {status} {size}`,
	"short":    `{remote} {method} {uri} {proto} {status} {size_human} - {latency}ms`,
	"tiny":     `{method} {uri} {status} {size_human} - {latency}ms`,
}

// Format turns entries into lines. It is immutable but for a cache of the
// current second and may be used by any number of goroutines.
type Format struct {
	parts []part
}

// part is a literal text or a field with its argument (the name of a header).
type part struct {
	literal string
	field   field
	arg     string
}

// field appends one value of an entry to b.
type field func(b []byte, e *Entry, arg string) []byte

// Compile reads what servers.access_log says. For "off" and "" there is no
// format and no error. An unknown tag is an error that lists the known ones.
func Compile(text string) (*Format, error) {
	switch {
	case text == "" || text == "off":
		return nil, nil
	case text == "json":
		return &Format{parts: []part{{field: newJSONLine()}}}, nil
	case strings.HasPrefix(text, "/"):
		return nil, fmt.Errorf("access log %q: log files are not supported yet, lines go to the standard output", text)
	}
	if preset, ok := presets[text]; ok {
		text = preset
	} else if !strings.Contains(text, "{") {
		return nil, fmt.Errorf("access log %q is neither a format with {tags} nor one of off, json, %s",
			text, strings.Join(slices.Sorted(maps.Keys(presets)), ", "))
	}
	return compileTags(text)
}

// Append appends the line of e to b, without a line end.
func (f *Format) Append(b []byte, e *Entry) []byte {
	for i := range f.parts {
		p := &f.parts[i]
		if p.field == nil {
			b = append(b, p.literal...)
			continue
		}
		b = p.field(b, e, p.arg)
	}
	return b
}

// compileTags cuts text into literals and tags. A brace that does not enclose
// the characters of a tag is literal.
func compileTags(text string) (*Format, error) {
	f := new(Format)
	for text != "" {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			break
		}
		name := tagName(text[open+1:])
		if name == "" {
			f.addLiteral(text[:open+1])
			text = text[open+1:]
			continue
		}
		p, err := compileTag(name)
		if err != nil {
			return nil, err
		}
		f.addLiteral(text[:open])
		f.parts = append(f.parts, p)
		text = text[open+len(name)+2:]
	}
	f.addLiteral(text)
	return f, nil
}

func (f *Format) addLiteral(text string) {
	if text != "" {
		f.parts = append(f.parts, part{literal: text})
	}
}

// tagName is what stands before the next "}", or "" when that is no tag.
func tagName(rest string) string {
	end := strings.IndexByte(rest, '}')
	if end < 1 {
		return ""
	}
	for _, c := range []byte(rest[:end]) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && !(c >= '0' && c <= '9') && !strings.ContainsRune("_<>~:$.-", rune(c)) {
			return ""
		}
	}
	return rest[:end]
}

func compileTag(name string) (part, error) {
	if layout, ok := times[name]; ok {
		return part{field: newStamp(layout)}, nil
	}
	if f, ok := fields[name]; ok {
		return part{field: f}, nil
	}
	if arg := name[1:]; arg != "" {
		switch name[0] {
		case '~':
			return part{field: appendCookie, arg: arg}, nil
		case '>':
			return part{field: appendRequestHeader, arg: arg}, nil
		case '<':
			return part{field: appendResponseHeader, arg: arg}, nil
		case '$':
			return part{literal: environment(arg)}, nil
		}
	}
	known := slices.Sorted(maps.Keys(fields))
	known = append(known, slices.Sorted(maps.Keys(times))...)
	return part{}, fmt.Errorf(
		"access log: unknown tag {%s}; known are {%s}, {~cookie}, {>request-header}, {<response-header}, {$ENVIRONMENT}",
		name, strings.Join(known, "} {"))
}

// environment is the value of a variable at the time of compiling, "hostname"
// the machine's name, as in Pingap.
func environment(name string) string {
	value := os.Getenv(name)
	if name == "hostname" {
		value, _ = os.Hostname()
	}
	return string(appendText(nil, value))
}
