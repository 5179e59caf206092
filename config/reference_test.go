package config

import (
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// referencePage is docs/configuration.md as rows by block and key: the cells of
// "| `key` | type | `default` | meaning |".
func referencePage(t *testing.T) map[string]map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, block := map[string]map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if heading := strings.TrimLeft(line, "# "); strings.HasPrefix(line, "#") && strings.HasPrefix(heading, "`[") {
			block = strings.Trim(heading, "`")
			rows[block] = map[string][]string{}
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if block == "" || !strings.HasPrefix(line, "| `") || len(cells) != 4 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[block][strings.Trim(cells[0], "`")] = cells
	}
	return rows
}

// TestReferenceIsComplete holds the reference against the structs: every key
// with its type, default and words, and no key that does not exist.
func TestReferenceIsComplete(t *testing.T) {
	pages := referencePage(t)
	checkReference(t, pages, "", reflect.TypeFor[Config]())
	for block, rows := range pages {
		for key := range rows {
			t.Errorf("%s documents %q, which does not exist", block, key)
		}
	}
}

// checkReference checks the keys of one struct and takes their rows out of pages.
func checkReference(t *testing.T, pages map[string]map[string][]string, block string, typ reflect.Type) {
	for _, key := range fieldNames(typ) {
		f := fieldsOf(typ)[key]
		inner, elem := innerBlock(block, key, f.Type)
		if elem == reflect.TypeFor[Plugin]() {
			delete(pages[inner], "category")
			continue
		}
		if inner != "" {
			checkReference(t, pages, inner, elem)
		}
		if block == "" || inner != "" && f.Type.Kind() == reflect.Struct {
			continue
		}
		checkRow(t, block, key, f, pages[block][key])
		delete(pages[block], key)
	}
}

// innerBlock is the heading and the struct behind a key that holds a block, or "".
func innerBlock(block, key string, typ reflect.Type) (string, reflect.Type) {
	heading := "[" + strings.Trim(block, "[]") + "." + key + "]"
	if block == "" {
		heading = "[" + key + "]"
	}
	if typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.Pointer {
		return strings.TrimSuffix(heading, "]") + ".NAME]", typ.Elem().Elem()
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Struct && typ != reflect.TypeFor[netip.Prefix]() {
		return heading, typ
	}
	return "", typ
}

func checkRow(t *testing.T, block, key string, f reflect.StructField, row []string) {
	if row == nil {
		t.Errorf("%s %s is not documented", block, key)
		return
	}
	if want := typeName(f.Type); row[1] != want {
		t.Errorf("%s %s: type is %q, want %q", block, key, row[1], want)
	}
	if want := f.Tag.Get("default"); strings.Trim(row[2], "`") != want {
		t.Errorf("%s %s: default is %q, want %q", block, key, row[2], want)
	}
	for _, word := range strings.Fields(f.Tag.Get("oneof")) {
		if !strings.Contains(row[3], "`"+word+"`") {
			t.Errorf("%s %s: the word %q is not documented", block, key, word)
		}
	}
	for _, kind := range strings.Fields(f.Tag.Get("only")) {
		if !strings.Contains(row[3], kind) {
			t.Errorf("%s %s: it is not said that it is for %s", block, key, kind)
		}
	}
}

// typeName is what the reference calls a type.
func typeName(typ reflect.Type) string {
	switch typ {
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[Size]():
		return "size"
	case reflect.TypeFor[List]():
		return "list"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return typeName(typ.Elem())
	case reflect.Struct:
		return "table"
	case reflect.Map:
		return "table of strings"
	case reflect.Slice:
		return "strings"
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	case reflect.Float64:
		return "number"
	default:
		return "string"
	}
}

// TestReferenceNamesAllSpellings: the table of Pingap's spellings is complete.
func TestReferenceNamesAllSpellings(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for block, words := range spellings {
		heading := "[" + strings.Replace(block, "*", "NAME", 1) + "]"
		for theirs, ours := range words {
			row := "| `" + heading + "` | `" + theirs + "` | `" + ours + "` |"
			if !strings.Contains(string(text), row) {
				t.Errorf("missing: %s", row)
			}
		}
	}
}
