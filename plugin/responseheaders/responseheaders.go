// Package responseheaders is the plugin category "response_headers": it changes
// the header of responses on their way to the client. README.md says its keys.
// A location's own response_headers_* keys do the simple cases without a plugin.
package responseheaders

import (
	"pingap-go/message"
	"pingap-go/plugin"
)

// Category is what the engine registers.
var Category = plugin.Category{Name: "response_headers", New: build}

// rules are applied in the order of the fields.
type rules struct {
	add       []plugin.HeaderRule
	remove    []string
	set       []plugin.HeaderRule
	setAbsent []plugin.HeaderRule
	rename    []renaming
}

// renaming gives all fields of one name another.
type renaming struct{ from, to string }

func build(d plugin.Decoder, _ plugin.Env) (plugin.Plugin, error) {
	r, err := parse(d)
	if err != nil {
		return nil, err
	}
	return r.wrap, nil
}

func (r *rules) wrap(next plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		if err := next.Serve(ex); err != nil {
			return err
		}
		r.apply(&ex.Response.Header, ex)
		return nil
	})
}

func (r *rules) apply(h *message.Header, ex *plugin.Exchange) {
	for i := range r.add {
		r.add[i].Add(h, ex)
	}
	for _, name := range r.remove {
		h.Del(name)
	}
	for i := range r.set {
		r.set[i].Set(h, ex)
	}
	for i := range r.setAbsent {
		r.setAbsent[i].SetAbsent(h, ex)
	}
	for _, one := range r.rename {
		one.apply(h)
	}
}

// apply moves the fields to the end of the header, under their new name.
func (r renaming) apply(h *message.Header) {
	if message.EqualFold(r.from, r.to) {
		return
	}
	for _, field := range h.Fields() {
		if message.EqualFold(field.Name, r.from) {
			h.Add(r.to, field.Value)
		}
	}
	h.Del(r.from)
}
