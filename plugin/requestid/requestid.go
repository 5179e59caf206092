// Package requestid is the plugin category "request_id": every request has an id
// that the client, the upstream and the log all see. README.md says its keys.
package requestid

import "pingap-go/plugin"

// Category is what the engine registers.
var Category = plugin.Category{Name: "request_id", New: build}

func build(d plugin.Decoder, _ plugin.Env) (plugin.Plugin, error) {
	c, err := parse(d)
	if err != nil {
		return nil, err
	}
	return c.wrap, nil
}

func (c config) wrap(next plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		id := ex.Request.Header.Get(c.HeaderName)
		if !acceptable(id) {
			id = c.newID(ex)
			ex.Request.Header.Set(c.HeaderName, id)
		}
		ex.RequestID = id
		err := next.Serve(ex)
		if err == nil {
			ex.Response.Header.Set(c.HeaderName, id)
		}
		return err
	})
}

// newID is the id that $request_id has made already, or a new one.
func (c config) newID(ex *plugin.Exchange) string {
	switch {
	case ex.RequestID != "":
		return ex.RequestID
	case c.Algorithm == "nanoid":
		return newNano(c.Size)
	}
	return plugin.NewRequestID()
}
