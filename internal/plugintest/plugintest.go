// Package plugintest builds plugins from TOML and serves exchanges with them, in
// tests of the categories:
//
//	p := plugintest.Build(t, ping.Category, `path = "/ping"`)
//	ex := plugintest.Exchange("GET", "http://example.com/ping")
//	if called := plugintest.Serve(t, p, ex); called { ... }
//
// It opens no socket and knows no category.
package plugintest

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"pingap-go/plugin"
)

// Keys is the TOML of one plugin's own keys, as a plugin.Decoder.
type Keys string

// Decode fills into and refuses keys that it has not.
func (k Keys) Decode(into any) error {
	meta, err := toml.Decode(string(k), into)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("unknown key %s", unknown[0])
	}
	return nil
}

// Env is an environment that logs nowhere and has one figure.
func Env() plugin.Env {
	return plugin.Env{
		Log:   slog.New(slog.DiscardHandler),
		Stats: func() map[string]any { return map[string]any{"version": "test"} },
	}
}

// Build makes a plugin of keys and ends the test when that fails.
func Build(t testing.TB, c plugin.Category, keys string) plugin.Plugin {
	t.Helper()
	p, err := c.New(Keys(keys), Env())
	if err != nil {
		t.Fatalf("%s with %s: %v", c.Name, keys, err)
	}
	return p
}

// Refuses checks that keys are an error whose text contains want.
func Refuses(t testing.TB, c plugin.Category, keys, want string) {
	t.Helper()
	_, err := c.New(Keys(keys), Env())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s with %s: error %v, want %q", c.Name, keys, err, want)
	}
}

// Exchange is a request as the proxy hands it to a chain. fields are "Name: value".
func Exchange(method, target string, fields ...string) *plugin.Exchange {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	ex := &plugin.Exchange{
		Remote:   netip.MustParseAddrPort("192.0.2.7:40000"),
		Local:    netip.MustParseAddrPort("127.0.0.1:6188"),
		RemoteIP: "192.0.2.7", RemotePort: "40000",
	}
	r := &ex.Request
	r.Method, r.Scheme, r.Authority, r.Path = method, u.Scheme, u.Host, u.EscapedPath()
	r.Query, r.HasQuery = u.RawQuery, u.RawQuery != "" || u.ForceQuery
	r.Major, r.Minor = 1, 1
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ":")
		r.Header.Add(name, strings.TrimSpace(value))
	}
	return ex
}

// Serve runs ex through p in front of an upstream that answers 200 "upstream"
// with a Server field, and says whether that upstream was called.
func Serve(t testing.TB, p plugin.Plugin, ex *plugin.Exchange) (called bool) {
	t.Helper()
	upstream := plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		called = true
		ex.Reply(200, "text/plain", []byte("upstream"))
		ex.Response.Header.Add("Server", "origin")
		return nil
	})
	if err := p(upstream).Serve(ex); err != nil {
		t.Fatalf("%s %s: %v", ex.Request.Method, ex.Request.Path, err)
	}
	return called
}

// Body reads the response's content.
func Body(t testing.TB, ex *plugin.Exchange) string {
	t.Helper()
	if ex.Response.Body == nil {
		return ""
	}
	content, err := io.ReadAll(ex.Response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
