package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"pingap-go/internal/nearest"
)

// binder fills structs from a tree of TOML values by their tags, and collects
// every problem on the way instead of stopping at the first.
type binder struct {
	where    positions
	problems Problems
	// reported holds the paths that have a problem, and meant those of keys that
	// seem to have been mistyped: what follows from one mistake is not reported
	// as another.
	reported, meant map[string]bool
}

func newBinder(where positions) *binder {
	return &binder{where: where, reported: map[string]bool{}, meant: map[string]bool{}}
}

// report notes a problem of the key at p, unless that key or a table around it
// has one already.
func (b *binder) report(p path, text, hint string) {
	for n := range p {
		if b.reported[p[:n+1].id()] {
			return
		}
	}
	if b.meant[p.id()] {
		return
	}
	b.reported[p.id()] = true
	b.problems = append(b.problems, b.where.problem(p, text, hint))
}

// unsure reports whether the key at p is known to be wrong, so that nothing may
// be concluded from its value.
func (b *binder) unsure(p path) bool { return b.reported[p.id()] || b.meant[p.id()] }

// table fills the struct into from the keys of table, and the fields that have
// no key in it from their default tag.
func (b *binder) table(at path, table map[string]any, into reflect.Value) {
	fields := fieldsOf(into.Type())
	for key, value := range table {
		f, ok := fields[key]
		if !ok {
			b.unknownKey(at, key, value, fieldNames(into.Type()))
			continue
		}
		b.value(at.to(key), value, into.Field(f.Index[0]), f.Tag)
	}
	for key, f := range fields {
		if _, given := table[key]; !given {
			b.missing(at.to(key), into.Field(f.Index[0]), f.Tag)
		}
	}
}

// unknownKey reports a key that no field has. Where a known name is near, that
// one is taken for meant, so that it is not reported as missing.
func (b *binder) unknownKey(at path, key string, value any, known []string) {
	what := "unknown key"
	if _, isTable := value.(map[string]any); isTable && len(at) == 0 {
		what = "unknown section"
	}
	if text := notBuiltText(blockOf(at), key); text != "" {
		b.report(at.to(key), what+"; "+text, "")
		return
	}
	for theirs := range spellings[blockOf(at)] {
		known = append(known, theirs)
	}
	hint := nearest.Name(key, known)
	b.report(at.to(key), what, hint)
	if hint != "" {
		b.meant[at.to(hint).id()] = true
	}
}

// missing gives a field that was not written its default.
func (b *binder) missing(at path, into reflect.Value, tag reflect.StructTag) {
	if text, ok := tag.Lookup("default"); ok && into.IsZero() {
		b.setDefault(at, text, into, tag)
		return
	}
	if into.Kind() == reflect.Struct && isBlock(into) {
		b.table(at, nil, into)
	}
}

func (b *binder) setDefault(at path, text string, into reflect.Value, tag reflect.StructTag) {
	if into.Kind() != reflect.Slice {
		b.value(at, fromEnv(text), into, tag)
		return
	}
	var list []any
	for item := range strings.SplitSeq(text, ",") {
		list = append(list, item)
	}
	b.value(at, list, into, tag)
}

// value fills one field: a leaf, a list, a block or a section of named blocks.
func (b *binder) value(at path, value any, into reflect.Value, tag reflect.StructTag) {
	if plugin, ok := into.Addr().Interface().(*Plugin); ok {
		b.plugin(at, value, plugin)
		return
	}
	switch {
	case into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		b.value(at, value, into.Elem(), tag)
	case into.Kind() == reflect.Struct && isBlock(into):
		if table, ok := b.asTable(at, value); ok {
			b.table(at, table, into)
		}
	case into.Kind() == reflect.Map:
		if table, ok := b.asTable(at, value); ok {
			b.named(at, table, into)
		}
	case into.Type() == reflect.TypeFor[List]():
		b.list(at, splitList(value), into, tag)
	case into.Kind() == reflect.Slice && !isText(into):
		b.list(at, value, into, tag)
	default:
		b.leaf(at, value, into, tag)
	}
}

// named fills a map: names with blocks of one kind, or names with leaves.
func (b *binder) named(at path, table map[string]any, into reflect.Value) {
	into.Set(reflect.MakeMapWithSize(into.Type(), len(table)))
	for name, value := range table {
		item := reflect.New(into.Type().Elem()).Elem()
		b.value(at.to(name), value, item, "")
		into.SetMapIndex(reflect.ValueOf(name), item)
	}
}

// list fills a slice from an array.
func (b *binder) list(at path, value any, into reflect.Value, tag reflect.StructTag) {
	items, ok := value.([]any)
	if text, env := value.(fromEnv); env {
		value = string(text) // what stands in a list may be a secret: it is not shown
	}
	if !ok {
		want := "an array"
		if into.Type() == reflect.TypeFor[List]() {
			want = "a string or an array"
		}
		b.report(at, fmt.Sprintf("must be %s, not %s", want, kindOf(value)), "")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		b.value(at.to(element(i)), item, into.Index(i), tag)
	}
}

// splitList makes an array of a string of comma-separated items.
func splitList(value any) any {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case fromEnv:
		text = string(v)
	default:
		return value
	}
	items := []any{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func (b *binder) asTable(at path, value any) (map[string]any, bool) {
	table, ok := value.(map[string]any)
	if !ok {
		b.report(at, fmt.Sprintf("must be a table, not %s", kindOf(value)), "")
	}
	return table, ok
}

// fieldsOf maps the keys of a struct to its fields.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := make(map[string]reflect.StructField, t.NumField())
	for f := range t.Fields() {
		if key := f.Tag.Get("toml"); key != "" && key != "-" {
			fields[key] = f
		}
	}
	return fields
}

// fieldNames lists the keys of a struct in the order of its fields.
func fieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if key := f.Tag.Get("toml"); key != "" && key != "-" {
			names = append(names, key)
		}
	}
	return names
}

// isBlock tells a struct that is a table from one that is written as text.
func isBlock(v reflect.Value) bool { return !isText(v) }

func isText(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

// kindOf names the type of a TOML value; of what may stand for any type, the value.
func kindOf(value any) string {
	switch v := value.(type) {
	case string:
		return "a string"
	case fromEnv:
		return strconv.Quote(string(v))
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case time.Time:
		return "a date"
	case []any:
		return "an array"
	default:
		return "a table"
	}
}
