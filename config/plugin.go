package config

import (
	"fmt"
	"reflect"

	"pingap-go/internal/nearest"
)

// Plugin is one [plugins.NAME] section. What else than the category stands in
// it, the category decodes for itself.
type Plugin struct {
	Name     string
	Category string
	raw      map[string]any
	where    positions
}

// Decode fills into, a pointer to a struct with `toml` tags, over the values
// that are already in it. Beside the kinds of fields that this package's own
// structs have, a field may be any encoding.TextUnmarshaler, a slice or a map of
// what is accepted, or any. The tags `default` (for fields that are still zero),
// `oneof`, `min` and `max` hold as well. The error is Problems: every unknown
// key, wrong type and bad value with its place.
func (p *Plugin) Decode(into any) error {
	b := newBinder(p.where)
	b.table(path{"plugins", p.Name}, p.raw, reflect.ValueOf(into).Elem())
	return b.problems.asError()
}

// Equal reports whether two plugins are configured in the same way, wherever
// that stands. A nil plugin equals only another one.
func (p *Plugin) Equal(o *Plugin) bool {
	if p == nil || o == nil {
		return p == o
	}
	return p.Name == o.Name && p.Category == o.Category && reflect.DeepEqual(p.raw, o.raw)
}

// plugin takes the category out of a [plugins.NAME] section and keeps the rest.
func (b *binder) plugin(at path, value any, into *Plugin) {
	table, ok := b.asTable(at, value)
	if !ok {
		return
	}
	*into = Plugin{Name: at[len(at)-1], raw: make(map[string]any, len(table)), where: b.where}
	for key, v := range table {
		if key != "category" {
			into.raw[key] = v
		}
	}
	category, given := table["category"]
	if !given {
		b.noCategory(at, into.raw)
		return
	}
	if into.Category, ok = asString(category); !ok {
		b.report(at.to("category"), fmt.Sprintf("must be a string, not %s", kindOf(category)), "")
	}
}

// noCategory reports a plugin without category, or the key that was meant to be it.
func (b *binder) noCategory(at path, keys map[string]any) {
	for key := range keys {
		if hint := nearest.Name(key, []string{"category"}); hint != "" {
			b.report(at.to(key), "unknown key", hint)
			return
		}
	}
	b.report(at.to("category"), "a plugin must say its category", "")
}

// plain is a value without the marks of expand.
func plain(value any) any {
	switch v := value.(type) {
	case fromEnv:
		return string(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case map[string]any:
		table := make(map[string]any, len(v))
		for key := range v {
			table[key] = plain(v[key])
		}
		return table
	default:
		return value
	}
}
