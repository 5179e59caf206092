package plugin

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// anExchange is one in which every variable has a value.
func anExchange() *Exchange {
	ex := &Exchange{
		Local:    netip.MustParseAddrPort("127.0.0.1:6188"),
		RemoteIP: "192.0.2.7", RemotePort: "40000",
		UpstreamAddr: "10.0.0.1:8080", RequestID: "id-1",
		Captures: []Capture{{"tenant", "acme"}, {"ten", "x"}},
	}
	ex.Request.Method, ex.Request.Path, ex.Request.Scheme = "GET", "/a/b", "https"
	ex.Request.Query, ex.Request.HasQuery = "q=1&name=a%20b", true
	ex.Request.Authority = "example.com:8443"
	ex.Request.Header.Add("User-Agent", "curl")
	ex.Request.Header.Add("X-Forwarded-For", "198.51.100.1")
	ex.Request.Header.Add("x-multi", "1")
	ex.Request.Header.Add("X-Multi", "2")
	ex.Request.Header.Add("Cookie", "session=s3; my-id=9")
	return ex
}

func TestTemplate(t *testing.T) {
	ex := anExchange()
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"plain", "plain"},
		{"$host", "example.com"}, {"$scheme://$host$uri", "https://example.com/a/b?q=1&name=a%20b"},
		{"$method $path", "GET /a/b"}, {"$remote_addr:$remote_port", "192.0.2.7:40000"},
		{"$server_addr:$server_port", "127.0.0.1:6188"}, {"$request_id", "id-1"}, {"$upstream_addr", "10.0.0.1:8080"},
		{"$proxy_add_x_forwarded_for", "198.51.100.1, 192.0.2.7"},
		{"$http_user_agent", "curl"}, {"$http_x_multi", "1, 2"}, {"$http_host", "example.com:8443"}, {"$http_absent", ""},
		{"$cookie_session", "s3"}, {"${cookie_my-id}", "9"}, {"$arg_q/$arg_name", "1/a%20b"}, {"$arg_absent", ""},
		{"$tenant.$ten", "acme.x"}, {"${ten}ant", "xant"}, {"$capture_tenant", "acme"}, {"$capture_absent", ""},
		{"5$", "5$"}, {"$$host", "$host"}, {"a $ b", "a $ b"}, {"$$", "$"}, {"for=$remote_addr;x", "for=192.0.2.7;x"},
	} {
		template, err := ParseTemplate(c.text, "tenant", "ten")
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := template.String(ex); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
		if got := string(template.Append([]byte("> "), ex)); got != "> "+c.want {
			t.Errorf("%q appended is %q", c.text, got)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"$hots", "unknown variable $hots (did you mean $host?)"},
		{"$tenat", "did you mean $tenant?"},
		{"$HOME", "${HOME}, in braces"},
		{"$1", "unknown variable $1"},
		{"${host", "without a name"},
		{"$http_", "unknown variable $http_"},
	} {
		if _, err := ParseTemplate(c.text, "tenant"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// An id is made once, when somebody asks, and has the form of a UUID 7.
func TestRequestID(t *testing.T) {
	var ex Exchange
	template, err := ParseTemplate("$request_id")
	if err != nil {
		t.Fatal(err)
	}
	first := template.String(&ex)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first) {
		t.Errorf("%q is not a UUID of version 7", first)
	}
	if again := template.String(&ex); again != first || ex.RequestID != first {
		t.Errorf("asked twice: %q, then %q; exchange has %q", first, again, ex.RequestID)
	}
	if other := NewRequestID(); other == first || other[:8] < first[:8] {
		t.Errorf("%q came after %q", other, first)
	}
}
