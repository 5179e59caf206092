package mock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/internal/plugintest"
	"pingap-go/plugin"
)

func TestReadme(t *testing.T) { plugintest.Readme(t, Category) }

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, keys, path string
		status           int
		body             string
		fields           map[string]string
	}{
		{"every path without one", `data = "hi"`, "/x", 200, "hi",
			map[string]string{"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "private, no-cache"}},
		{"its path", `path = "/x"` + "\n" + `status = 418`, "/x", 418, "", map[string]string{"Content-Type": ""}},
		{"not a path below", `path = "/x"`, "/x/y", 200, "upstream", nil},
		{"headers of its own", `data = "{}"` + "\n" + `headers = ["Content-Type: application/json", "Cache-Control: max-age=60", "X-You: $remote_addr"]`,
			"/", 200, "{}", map[string]string{"Content-Type": "application/json", "Cache-Control": "max-age=60", "X-You": "192.0.2.7"}},
		{"no content", `status = 204`, "/", 204, "", nil},
		{"Pingap's step", `step = "proxy_upstream"` + "\n" + `remark = "r"`, "/", 200, "", nil},
	} {
		ex := plugintest.Exchange("GET", "http://example.com"+c.path)
		plugintest.Serve(t, plugintest.Build(t, Category, c.keys), ex)
		if got := plugintest.Body(t, ex); ex.Response.Status != c.status || got != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.name, ex.Response.Status, got, c.status, c.body)
		}
		for name, want := range c.fields {
			if got := ex.Response.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, name, got, want)
			}
		}
	}
}

// One plugin answers many times, each body from its beginning.
func TestAnswersAgain(t *testing.T) {
	p := plugintest.Build(t, Category, `data = "hi"`)
	for range 2 {
		ex := plugintest.Exchange("GET", "http://example.com/")
		plugintest.Serve(t, p, ex)
		if got := plugintest.Body(t, ex); got != "hi" {
			t.Errorf("body %q", got)
		}
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := plugintest.Build(t, Category, `delay = "2s"`), time.Now()
		plugintest.Serve(t, p, plugintest.Exchange("GET", "http://h/"))
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestDelayEndsWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ex, start := plugintest.Exchange("GET", "http://h/"), time.Now()
		ex.SetContext(ctx)
		err := plugintest.Build(t, Category, `delay = "1m"`)(plugin.HandlerFunc(nil)).Serve(ex)
		if took := time.Since(start); took != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("took %v, %v", took, err)
		}
	})
}

func TestBadKeys(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{`path = "x"`, `does not begin with "/"`},
		{`status = 99`, "not between 200 and 599"},
		{`status = 101`, "not between 200 and 599"},
		{"status = 204\ndata = \"x\"", "has no data"},
		{`delay = "2m"`, "not between 0s and 1m0s"},
		{`delay = "-1s"`, "not between 0s and 1m0s"},
		{`headers = ["Content-Length: 1"]`, "belongs to the connection"},
		{`headers = ["X: $hots"]`, "did you mean $host?"},
		{`step = "response"`, "is none of"},
		{`body = "x"`, "unknown key body"},
	} {
		plugintest.Refuses(t, Category, c.keys, c.want)
	}
}
