package responseheaders

import (
	"errors"
	"slices"
	"testing"

	"pingap-go/internal/plugintest"
	"pingap-go/message"
	"pingap-go/plugin"
)

func TestReadme(t *testing.T) { plugintest.Readme(t, Category) }

func lines(h *message.Header) (list []string) {
	for name, value := range h.All() {
		list = append(list, name+": "+value)
	}
	return list
}

// The upstream of plugintest answers with Content-Type and "Server: origin".
func TestRules(t *testing.T) {
	const plain = "Content-Type: text/plain"
	for _, c := range []struct {
		name, keys string
		want       []string
	}{
		{"adds", `add_headers = ["Server: two", "X-You: $remote_addr"]`,
			[]string{plain, "Server: origin", "Server: two", "X-You: 192.0.2.7"}},
		{"removes", `remove_headers = ["server"]`, []string{plain}},
		{"sets", `set_headers = ["server: other"]`, []string{plain, "Server: other"}},
		{"sets what is absent only", `set_headers_not_exists = ["Server: other", "X-A: 1"]`,
			[]string{plain, "Server: origin", "X-A: 1"}},
		{"renames", `rename_headers = ["server: X-Origin"]`, []string{plain, "X-Origin: origin"}},
		{"renames in case only", `rename_headers = ["server: SERVER"]`, []string{plain, "Server: origin"}},
		{"renames every one", "add_headers = [\"Server: two\"]\nrename_headers = [\"Server: S\"]",
			[]string{plain, "S: origin", "S: two"}},
		{"in order: what is added can be removed",
			"add_headers = [\"X-A: 1\"]\nremove_headers = [\"X-A\", \"Server\"]\nset_headers_not_exists = [\"Server: mine\"]",
			[]string{plain, "Server: mine"}},
		{"Pingap's mode and step", "mode = \"upstream\"\nstep = \"upstream_response\"\nremark = \"r\"",
			[]string{plain, "Server: origin"}},
	} {
		ex := plugintest.Exchange("GET", "http://h/")
		plugintest.Serve(t, plugintest.Build(t, Category, c.keys), ex)
		if got := lines(&ex.Response.Header); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A plugin is shared by locations, so it names their captures explicitly.
func TestCapture(t *testing.T) {
	ex := plugintest.Exchange("GET", "http://h/")
	ex.Captures = []plugin.Capture{{Name: "tenant", Value: "acme"}}
	plugintest.Serve(t, plugintest.Build(t, Category, `set_headers = ["Server: $capture_tenant"]`), ex)
	if got := ex.Response.Header.Get("Server"); got != "acme" {
		t.Errorf("Server: %q", got)
	}
}

func TestErrorsPass(t *testing.T) {
	cause := errors.New("no")
	failing := plugin.HandlerFunc(func(*plugin.Exchange) error { return cause })
	ex := plugintest.Exchange("GET", "http://h/")
	if err := plugintest.Build(t, Category, `add_headers = ["A: 1"]`)(failing).Serve(ex); err != cause || ex.Response.Header.Len() != 0 {
		t.Errorf("error %v, header %v", err, ex.Response.Header.Fields())
	}
}

func TestConstantsDoNotAllocate(t *testing.T) {
	r, err := parse(plugintest.Keys(`
		add_headers = ["X-Frame-Options: DENY"]
		remove_headers = ["Server"]
		set_headers = ["X-A: 1"]
		rename_headers = ["X-B: X-C"]`))
	if err != nil {
		t.Fatal(err)
	}
	var ex plugin.Exchange
	h := &ex.Response.Header
	if n := testing.AllocsPerRun(100, func() {
		h.Reset()
		h.Add("Server", "origin")
		h.Add("X-B", "2")
		r.apply(h, &ex)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestBadKeys(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{`add_headers = ["X"]`, `want "Name: value"`},
		{`remove_headers = ["Content-Length"]`, "belongs to the connection"},
		{`set_headers = ["Host: x"]`, "can only be set, and only for requests"},
		{`set_headers_not_exists = ["X: $hots"]`, "did you mean $host?"},
		{`rename_headers = ["A"]`, `want "Old: New"`},
		{`rename_headers = ["A: Connection"]`, "belongs to the connection"},
		{`mode = "request"`, "none of response, upstream"},
		{`step = "request"`, "none of response, upstream_response"},
		{`add = ["X: 1"]`, "unknown key add"},
	} {
		plugintest.Refuses(t, Category, c.keys, c.want)
	}
}
