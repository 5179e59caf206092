// Package mock is the plugin category "mock": an answer that was written down
// beforehand, in place of an upstream's. README.md says its keys.
package mock

import "pingap-go/plugin"

// Category is what the engine registers.
var Category = plugin.Category{Name: "mock", New: build}

// mock is one configured answer.
type mock struct {
	config
	headers *plugin.HeaderRules
	data    []byte
}

func build(d plugin.Decoder, _ plugin.Env) (plugin.Plugin, error) {
	m, err := parse(d)
	if err != nil {
		return nil, err
	}
	return m.wrap, nil
}

func (m *mock) wrap(next plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		if m.Path != "" && ex.Request.Path != m.Path {
			return next.Serve(ex)
		}
		if err := ex.Wait(m.Delay); err != nil {
			return err
		}
		m.answer(ex)
		return nil
	})
}

// answer fills the response; what is configured goes before the defaults.
func (m *mock) answer(ex *plugin.Exchange) {
	ex.Reply(m.Status, "", m.data)
	m.headers.Apply(ex)
	h := &ex.Response.Header
	if _, given := h.Lookup("Content-Type"); !given && len(m.data) > 0 {
		h.Add("Content-Type", "text/plain; charset=utf-8")
	}
	if _, given := h.Lookup("Cache-Control"); !given {
		h.Add("Cache-Control", "private, no-cache")
	}
}
