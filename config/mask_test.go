package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestMaskedHidesSecrets(t *testing.T) {
	cfg := mustParse(t, `
[admin]
token = "hiding-1"
[consul]
token = "hiding-2"
[otel]
endpoint = "http://127.0.0.1:4318/v1/traces?api_key=hiding-9&team=shown-6"
[upstreams.api]
addrs = ["token:80"]
sticky = "cookie:session"
health_check = "http://user:hiding-10@api/health?token=hiding-11&x=shown-7"
[services.web]
port = 80
meta = { accessToken = "hiding-12", version = "shown-8" }
check = "http://web/health?secret=hiding-13"
[locations.api]
upstream = "api"
headers_set = ["Authorization: Bearer hiding-3", "X-Api-Key: hiding-4", "X-Upstream-Auth: hiding-17", "X-Jwt: hiding-18", "X-Shown: shown-1"]
match_headers = ["X-Api-Key:hiding-14", "X-Group:shown-9"]
match_query = ["access_token:hiding-15"]
match_cookies = ["session:hiding-16"]
[plugins.auth]
category = "basic_auth"
authorizations = ["hiding-5"]
hide_credentials = true
secret = ""
auth_url = "http://user:hiding-6@127.0.0.1/auth?shown-2"
path = "/shown-3"
apps = [{ app_id = "shown-4", secret = "hiding-7", passphrase = "hiding-19" }]
add_headers = ["Cookie: hiding-8", "X: shown-5"]
`)
	text, err := json.Marshal(cfg.Masked())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hiding-") {
		t.Errorf("a secret is shown: %s", text)
	}
	for _, shown := range []string{"shown-1", "shown-2", "shown-3", "shown-4", "shown-5", "shown-6", "shown-7", "shown-8", "shown-9", `"token:80"`, `"cookie:session"`, `"hide_credentials":true`, `"basic_auth"`} {
		if !strings.Contains(string(text), shown) {
			t.Errorf("%s is not shown: %s", shown, text)
		}
	}
}

// What Masked shows may be written as TOML's values: durations and sizes are text.
func TestMaskedShowsTheConfigurationInForce(t *testing.T) {
	tree := golden(t, "everything.good.toml").Masked()
	for at, want := range map[string]any{
		"basic shutdown_timeout":            "10s",
		"basic trusted_proxies":             []any{"fd00::/8"},
		"servers http max_header_bytes":     "16kb",
		"locations api priority":            7,
		"locations api path_type":           "regex",
		"upstreams api retry replay_buffer": "1mb",
		"upstreams api health status":       "200-399",
		"upstreams srv health":              nil,
		"upstreams srv ejection base_time":  "5s",
		"services web meta version":         "2",
		"plugins hello data":                "hello from nowhere",
	} {
		var value any = tree
		for step := range strings.FieldsSeq(at) {
			value = value.(map[string]any)[step]
		}
		if !reflect.DeepEqual(value, want) {
			t.Errorf("%s = %#v, want %#v", at, value, want)
		}
	}
}

// A reload keeps what is equal, wherever it stands in the file.
func TestLoadsCompare(t *testing.T) {
	before := golden(t, "everything.good.toml")
	after := golden(t, "everything.good.toml")
	moved := mustParse(t, "\n\n[plugins.hello]\ndata = 'hello from nowhere'\ncategory = 'mock'\n")
	changed := mustParse(t, "[plugins.hello]\ndata = 'bye'\ncategory = 'mock'\n")
	switch {
	case !reflect.DeepEqual(before.Upstreams, after.Upstreams):
		t.Error("upstreams differ")
	case !reflect.DeepEqual(before.Locations, after.Locations):
		t.Error("locations differ")
	case !reflect.DeepEqual(before.Servers, after.Servers):
		t.Error("servers differ")
	case !before.Plugins["hello"].Equal(after.Plugins["hello"]):
		t.Error("plugins differ")
	case changed.Plugins["hello"].Equal(moved.Plugins["hello"]):
		t.Error("another text is not seen")
	case changed.Plugins["hello"].Equal(nil):
		t.Error("a plugin that is gone is not seen")
	}
}
