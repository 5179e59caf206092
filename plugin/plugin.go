// Package plugin is the chain between routing and forwarding. A plugin wraps
// the handler after it: the code before next.Serve sees the request, the code
// after it sees the response head with the body still to stream, and a plugin
// that never calls next has answered by itself.
//
//	func (m *Mock) Wrap(next plugin.Handler) plugin.Handler {
//		return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
//			if ex.Request.Path != m.path {
//				return next.Serve(ex)
//			}
//			ex.Reply(m.status, m.contentType, m.data)
//			return nil
//		})
//	}
//
// Every category of plugin is a directory below this one, with a README that
// says its keys, and a Category value that the engine puts into its Registry.
package plugin

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"pingap-go/internal/nearest"
)

// Handler serves one exchange. Connections call it on their own goroutine or task,
// which owns the Exchange until Serve returns. It may wait by Exchange.Wait and by
// reading content; whatever else may block, or computes for long, stands between the
// Exchange's Task.Leave and Task.Return, since it would hold up other connections
// (package loop). A non-nil error is
// answered by the proxy (a *message.Fault with its status, any other with 500)
// unless the response head is already on its way.
type Handler interface {
	Serve(*Exchange) error
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(*Exchange) error

// Serve calls f.
func (f HandlerFunc) Serve(ex *Exchange) error { return f(ex) }

// Plugin puts one named step in front of next.
type Plugin func(next Handler) Handler

// Chain links plugins in order in front of last.
func Chain(plugins []Plugin, last Handler) Handler {
	for _, p := range slices.Backward(plugins) {
		last = p(last)
	}
	return last
}

// Decoder gives a plugin its own keys. Decode fills a pointer to a struct with
// `toml` tags over the defaults that are already in it, and reports unknown
// keys, wrong types and bad values with their position.
type Decoder interface {
	Decode(into any) error
}

// KeyError is what is wrong with the value of one of a plugin's keys, so that it
// is reported where that key stands.
type KeyError struct {
	Key string
	Err error
}

// Error is the text without the key, which whoever reports it shows by itself.
func (e *KeyError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong.
func (e *KeyError) Unwrap() error { return e.Err }

// At says which key err is about; no error stays none. New joins what it finds
// (errors.Join), so that all of it is reported at once.
func At(key string, err error) error {
	if err == nil {
		return nil
	}
	return &KeyError{Key: key, Err: err}
}

// Env is what a plugin may use of the process. Its fields are never nil.
type Env struct {
	Log *slog.Logger
	// Stats gives the figures that the stats plugin shows.
	Stats func() map[string]any
}

// Category is one kind of plugin.
type Category struct {
	Name string
	// New builds a plugin from its configuration. It opens nothing.
	New func(Decoder, Env) (Plugin, error)
}

// Registry holds the categories that this program was built with.
type Registry map[string]Category

// NewRegistry makes a registry; two categories of one name are a bug and panic.
func NewRegistry(categories ...Category) Registry {
	r := make(Registry, len(categories))
	for _, c := range categories {
		if _, twice := r[c.Name]; twice {
			panic("plugin category registered twice: " + c.Name)
		}
		r[c.Name] = c
	}
	return r
}

// pingapCategories are the categories of Pingap's that are not built yet.
var pingapCategories = []string{
	"accept_encoding", "admin", "cache", "combined_auth", "compression", "cors", "csrf", "directory", "forward_auth",
	"geo_restriction", "image_optim", "ip_restriction", "jwt", "key_auth", "limit", "referer_restriction", "sub_filter",
	"traffic_splitting", "ua_restriction",
}

// New builds a plugin of the named category.
func (r Registry) New(category string, d Decoder, env Env) (Plugin, error) {
	c, ok := r[category]
	if !ok {
		if slices.Contains(pingapCategories, category) {
			return nil, fmt.Errorf("unknown plugin category %q; Pingap's `%s` is not built yet", category, category)
		}
		if hint := nearest.Name(category, slices.Sorted(maps.Keys(r))); hint != "" {
			return nil, fmt.Errorf("unknown plugin category %q (did you mean %q?)", category, hint)
		}
		return nil, fmt.Errorf("unknown plugin category %q", category)
	}
	return c.New(d, env)
}
