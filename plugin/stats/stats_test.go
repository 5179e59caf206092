package stats

import (
	"encoding/json"
	"strings"
	"testing"

	"pingap-go/internal/plugintest"
	"pingap-go/plugin"
)

func TestReadme(t *testing.T) { plugintest.Readme(t, Category) }

func TestStats(t *testing.T) {
	p := plugintest.Build(t, Category, `path = "/figures"`)
	ex := plugintest.Exchange("GET", "http://example.com/figures")
	if plugintest.Serve(t, p, ex) {
		t.Fatal("the upstream was asked")
	}
	var figures map[string]any
	if err := json.Unmarshal([]byte(plugintest.Body(t, ex)), &figures); err != nil || figures["version"] != "test" {
		t.Errorf("%v, %v", figures, err)
	}
	if h := &ex.Response.Header; h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("header %v", h.Fields())
	}
	if !plugintest.Serve(t, p, plugintest.Exchange("GET", "http://example.com/stats")) {
		t.Error("another path was answered")
	}
}

func TestFiguresThatAreNotJSON(t *testing.T) {
	env := plugintest.Env()
	env.Stats = func() map[string]any { return map[string]any{"bad": make(chan int)} }
	p, err := Category.New(plugintest.Keys(""), env)
	if err != nil {
		t.Fatal(err)
	}
	err = p(plugin.HandlerFunc(nil)).Serve(plugintest.Exchange("GET", "http://h/stats"))
	if err == nil || !strings.Contains(err.Error(), "write stats as JSON") {
		t.Errorf("error %v", err)
	}
}

func TestBadKeys(t *testing.T) {
	plugintest.Refuses(t, Category, `path = ""`, `does not begin with "/"`)
	plugintest.Refuses(t, Category, `step = "early_request"`, "is none of request, proxy_upstream")
	plugintest.Refuses(t, Category, `value = "/stats"`, "unknown key value")
}
