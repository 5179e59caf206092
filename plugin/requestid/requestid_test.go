package requestid

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pingap-go/internal/plugintest"
	"pingap-go/plugin"
)

func TestReadme(t *testing.T) { plugintest.Readme(t, Category) }

func TestMakesAnID(t *testing.T) {
	for _, c := range []struct{ keys, header, want string }{
		{"", "X-Request-Id", `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
		{`algorithm = "nanoid"`, "X-Request-Id", `^[\w-]{8}$`},
		{"algorithm = \"nanoid\"\nsize = 21", "X-Request-Id", `^[\w-]{21}$`},
		{`header_name = "X-Trace"`, "X-Trace", `^[0-9a-f-]{36}$`},
	} {
		ex := plugintest.Exchange("GET", "http://h/")
		if !plugintest.Serve(t, plugintest.Build(t, Category, c.keys), ex) {
			t.Fatalf("%s: the upstream was not asked", c.keys)
		}
		id := ex.Request.Header.Get(c.header)
		if !regexp.MustCompile(c.want).MatchString(id) {
			t.Errorf("%s: id %q", c.keys, id)
		}
		if ex.RequestID != id || ex.Response.Header.Get(c.header) != id {
			t.Errorf("%s: upstream sees %q, client %q, log %q", c.keys, id, ex.Response.Header.Get(c.header), ex.RequestID)
		}
	}
}

func TestKeepsWhatTheClientBrought(t *testing.T) {
	p := plugintest.Build(t, Category, "")
	for _, c := range []struct {
		sent string
		kept bool
	}{
		{"abc-123", true}, {strings.Repeat("x", 128), true},
		{"", false}, {"two words", false}, {strings.Repeat("x", 129), false}, {"é", false},
	} {
		ex := plugintest.Exchange("GET", "http://h/", "x-request-id: "+c.sent)
		plugintest.Serve(t, p, ex)
		if kept := ex.RequestID == c.sent; kept != c.kept {
			t.Errorf("%q became %q", c.sent, ex.RequestID)
		}
	}
}

// An id that a header rule has made before is the one.
func TestUsesTheOneThatIsThere(t *testing.T) {
	ex := plugintest.Exchange("GET", "http://h/")
	ex.RequestID = "made-before"
	plugintest.Serve(t, plugintest.Build(t, Category, ""), ex)
	if got := ex.Response.Header.Get("X-Request-Id"); got != "made-before" {
		t.Errorf("the client sees %q", got)
	}
}

// The upstream's own field of the name does not reach the client as a second one.
func TestOneFieldInTheResponse(t *testing.T) {
	ex := plugintest.Exchange("GET", "http://h/", "X-Request-Id: mine")
	upstream := plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		ex.Reply(200, "", nil)
		ex.Response.Header.Add("X-Request-ID", "theirs")
		return nil
	})
	if err := plugintest.Build(t, Category, "")(upstream).Serve(ex); err != nil {
		t.Fatal(err)
	}
	if h := &ex.Response.Header; h.Len() != 1 || h.Get("X-Request-Id") != "mine" {
		t.Errorf("header %v", h.Fields())
	}
}

func TestErrorsPass(t *testing.T) {
	cause := errors.New("no")
	ex := plugintest.Exchange("GET", "http://h/")
	failing := plugin.HandlerFunc(func(*plugin.Exchange) error { return cause })
	if err := plugintest.Build(t, Category, "")(failing).Serve(ex); err != cause || ex.RequestID == "" {
		t.Errorf("error %v, id %q", err, ex.RequestID)
	}
}

func TestBadKeys(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{`algorithm = "md5"`, "none of uuid, nanoid"},
		{`size = 3`, "not between 4 and 64"},
		{`size = 65`, "not between 4 and 64"},
		{`header_name = "Content-Length"`, "belongs to the connection"},
		{`header_name = "X Y"`, "has the character"},
		{`step = "early_request"`, "is none of"},
		{`name = "x"`, "unknown key name"},
	} {
		plugintest.Refuses(t, Category, c.keys, c.want)
	}
}
