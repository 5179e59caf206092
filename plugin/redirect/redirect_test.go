package redirect

import (
	"errors"
	"testing"

	"pingap-go/internal/plugintest"
	"pingap-go/message"
	"pingap-go/plugin"
)

func TestReadme(t *testing.T) { plugintest.Readme(t, Category) }

func TestRedirect(t *testing.T) {
	const toHTTPS, prefix = `http_to_https = true`, `prefix = "/v2/"`
	const both = toHTTPS + "\n" + prefix
	for _, c := range []struct{ name, keys, from, to string }{
		{"http goes to https", toHTTPS, "http://h/a?b=1", "https://h/a?b=1"},
		{"the port of http is dropped", toHTTPS, "http://h:6188/", "https://h/"},
		{"IPv6", toHTTPS, "http://[::1]:6188/", "https://[::1]/"},
		{"https stays", toHTTPS, "https://h/a", ""},
		{"no prefix", prefix, "http://h:6188/a?b", "http://h:6188/v2/a?b"},
		{"the root", prefix, "https://h/", "https://h/v2/"},
		{"has the prefix", prefix, "http://h/v2/a", ""},
		{"is the prefix", prefix, "http://h/v2", ""},
		{"begins like the prefix", prefix, "http://h/v2x", "http://h/v2/v2x"},
		{"both at once", both, "http://h/a", "https://h/v2/a"},
		{"only the scheme", both, "http://h/v2/a", "https://h/v2/a"},
		{"only the prefix", both, "https://h/a", "https://h/v2/a"},
	} {
		ex := plugintest.Exchange("GET", c.from)
		called := plugintest.Serve(t, plugintest.Build(t, Category, c.keys), ex)
		if called != (c.to == "") || ex.Response.Header.Get("Location") != c.to {
			t.Errorf("%s: %s is sent to %q, want %q", c.name, c.from, ex.Response.Header.Get("Location"), c.to)
		}
		if !called && ex.Response.Status != 307 {
			t.Errorf("%s: status %d", c.name, ex.Response.Status)
		}
	}
}

// A balancer that ends TLS and says so would otherwise see a loop.
func TestTrustedProxySaysTheScheme(t *testing.T) {
	p := plugintest.Build(t, Category, "http_to_https = true\nstatus = 301")
	for _, c := range []struct {
		trusted bool
		said    string
		called  bool
	}{
		{true, "https", true}, {true, "HTTPS, http", true}, {true, "http", false}, {true, "", false}, {false, "https", false},
	} {
		ex := plugintest.Exchange("GET", "http://h/", "X-Forwarded-Proto: "+c.said)
		ex.Trusted = c.trusted
		if called := plugintest.Serve(t, p, ex); called != c.called {
			t.Errorf("trusted %v says %q: passed on %v, want %v", c.trusted, c.said, called, c.called)
		}
	}
}

func TestNoHost(t *testing.T) {
	ex := plugintest.Exchange("GET", "http://h/")
	ex.Request.Authority = ""
	err := plugintest.Build(t, Category, "http_to_https = true")(plugin.HandlerFunc(nil)).Serve(ex)
	var fault *message.Fault
	if !errors.As(err, &fault) || fault.Status != 400 {
		t.Errorf("error %v", err)
	}
}

func TestBadKeys(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"", "redirects nothing"},
		{`prefix = "/"`, "redirects nothing"},
		{`prefix = "v2"`, `does not begin with "/"`},
		{`prefix = "/v2?a"`, "is not a path"},
		{"http_to_https = true\nstatus = 200", "none of 301"},
		{"http_to_https = true\nstep = \"x\"", "is none of request"},
		{`https = true`, "unknown key https"},
	} {
		plugintest.Refuses(t, Category, c.keys, c.want)
	}
}
