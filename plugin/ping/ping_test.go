package ping

import (
	"testing"

	"pingap-go/internal/plugintest"
)

func TestReadme(t *testing.T) { plugintest.Readme(t, Category) }

func TestPing(t *testing.T) {
	for _, c := range []struct{ keys, path, want string }{
		{"", "/ping", "pong"},
		{"", "/ping/", "upstream"},
		{`path = "/healthz"`, "/healthz", "pong"},
		{`path = "/healthz"`, "/ping", "upstream"},
		{`step = "request"`, "/ping?x=1", "pong"},
	} {
		ex := plugintest.Exchange("GET", "http://example.com"+c.path)
		called := plugintest.Serve(t, plugintest.Build(t, Category, c.keys), ex)
		if got := plugintest.Body(t, ex); got != c.want || called != (c.want == "upstream") {
			t.Errorf("%s with %s: %q", c.path, c.keys, got)
		}
		if !called && ex.Response.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s may be cached", c.path)
		}
	}
}

func TestBadKeys(t *testing.T) {
	plugintest.Refuses(t, Category, `path = "ping"`, `does not begin with "/"`)
	plugintest.Refuses(t, Category, `step = "response"`, `"response" is none of request`)
	plugintest.Refuses(t, Category, `pth = "/ping"`, "unknown key pth")
}
