// Package redirect is the plugin category "redirect": it sends clients to https,
// below a path prefix, or both at once. README.md says its keys.
package redirect

import (
	"strings"

	"pingap-go/message"
	"pingap-go/plugin"
)

// Category is what the engine registers.
var Category = plugin.Category{Name: "redirect", New: build}

func build(d plugin.Decoder, _ plugin.Env) (plugin.Plugin, error) {
	c, err := parse(d)
	if err != nil {
		return nil, err
	}
	return c.wrap, nil
}

func (c config) wrap(next plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		toHTTPS := c.HTTPToHTTPS && clientScheme(ex) == "http"
		prefixed := hasPrefix(ex.Request.Path, c.Prefix)
		if !toHTTPS && prefixed {
			return next.Serve(ex)
		}
		if ex.Request.Host() == "" {
			return &message.Fault{Status: 400, Type: "bad_request", Detail: "a redirect needs the request's host"}
		}
		location := c.location(ex, toHTTPS, prefixed)
		ex.Answer(c.Status, "", nil)
		ex.Response.Header.Add("Location", location)
		return nil
	})
}

// location is where the client is sent. The port stays, unless the scheme
// changes: https lives on another port, its default one.
func (c config) location(ex *plugin.Exchange, toHTTPS, prefixed bool) string {
	r := &ex.Request
	var b strings.Builder
	b.Grow(len("https://") + len(r.Authority) + len(c.Prefix) + len(r.Path) + 1 + len(r.Query))
	if toHTTPS {
		b.WriteString("https://")
		b.WriteString(r.Host())
	} else {
		b.WriteString(clientScheme(ex))
		b.WriteString("://")
		b.WriteString(r.Authority)
	}
	if !prefixed {
		b.WriteString(c.Prefix)
	}
	if r.Path != "*" {
		b.WriteString(r.Path)
	}
	if r.HasQuery {
		b.WriteByte('?')
		b.WriteString(r.Query)
	}
	return b.String()
}

// hasPrefix reports whether path is prefix or below it.
func hasPrefix(path, prefix string) bool {
	rest, found := strings.CutPrefix(path, prefix)
	return found && (rest == "" || rest[0] == '/' || prefix == "")
}

// clientScheme is the scheme that the client used: behind a trusted proxy that
// ends TLS, what that proxy says.
func clientScheme(ex *plugin.Exchange) string {
	if ex.Trusted {
		said, _, _ := strings.Cut(ex.Request.Header.Known(message.XForwardedProto), ",")
		switch said = strings.TrimSpace(said); {
		case message.EqualFold(said, "https"):
			return "https"
		case message.EqualFold(said, "http"):
			return "http"
		}
	}
	return ex.Request.Scheme
}
