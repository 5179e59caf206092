package plugin

import (
	"slices"
	"strings"
	"testing"

	"pingap-go/message"
)

func lines(h *message.Header) (list []string) {
	for name, value := range h.All() {
		list = append(list, name+": "+value)
	}
	return list
}

func TestRequestRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		lists HeaderLists
		want  []string
	}{
		{"adds beside the one that is there", HeaderLists{Add: []string{"A: 3"}}, []string{"A: 1", "B: 2", "A: 3"}},
		{"sets in place of all", HeaderLists{Set: []string{"a:9"}}, []string{"A: 9", "B: 2"}},
		{"removes", HeaderLists{Remove: []string{"a"}}, []string{"B: 2"}},
		{"renames by set and remove", HeaderLists{Set: []string{"C: $http_a"}, Remove: []string{"A"}}, []string{"B: 2", "C: 1"}},
		{"replaces by remove and add", HeaderLists{Add: []string{"A: 5"}, Remove: []string{"A"}}, []string{"B: 2", "A: 5"}},
		{"does not remove what it sets", HeaderLists{Set: []string{"A: 5"}, Remove: []string{"a"}}, []string{"A: 5", "B: 2"}},
		{"an empty value removes", HeaderLists{Set: []string{"A: $http_absent", "B:"}}, nil},
		{"an empty value is not added", HeaderLists{Add: []string{"C: $http_absent"}}, []string{"A: 1", "B: 2"}},
		{"captures", HeaderLists{Set: []string{"A: <$tenant>"}, Remove: []string{"B"}}, []string{"A: <acme>"}},
	} {
		rules, err := NewRequestRules(c.lists, "tenant")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		ex := &Exchange{Captures: []Capture{{"tenant", "acme"}}}
		ex.Request.Header.Add("A", "1")
		ex.Request.Header.Add("B", "2")
		rules.Apply(ex)
		if got := lines(&ex.Request.Header); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHostIsTheAuthority(t *testing.T) {
	rules, err := NewRequestRules(HeaderLists{Set: []string{"host: $tenant.internal", "X: 1"}}, "tenant")
	if err != nil {
		t.Fatal(err)
	}
	ex := anExchange()
	rules.Apply(ex)
	if ex.Request.Authority != "acme.internal" {
		t.Errorf("authority %q", ex.Request.Authority)
	}
	if _, there := ex.Request.Header.Lookup("Host"); there {
		t.Error("Host stands among the fields")
	}
}

func TestResponseRules(t *testing.T) {
	rules, err := NewResponseRules(HeaderLists{Set: []string{"X-Upstream: $upstream_addr"}, Remove: []string{"Server"}})
	if err != nil {
		t.Fatal(err)
	}
	ex := anExchange()
	ex.Response.Header.Add("Server", "x")
	rules.Apply(ex)
	if got := lines(&ex.Response.Header); !slices.Equal(got, []string{"X-Upstream: 10.0.0.1:8080"}) {
		t.Errorf("%q", got)
	}
}

func TestGives(t *testing.T) {
	rules, err := NewRequestRules(HeaderLists{Add: []string{"x-forwarded-proto: https"}, Remove: []string{"X-Real-IP"}})
	if err != nil {
		t.Fatal(err)
	}
	if !rules.Gives(message.XForwardedProto) || rules.Gives(message.XRealIP) || (*HeaderRules)(nil).Gives(message.XRealIP) {
		t.Error("wrong about what the rules give")
	}
}

func TestHeaderRuleErrors(t *testing.T) {
	for _, c := range []struct {
		lists HeaderLists
		want  string
	}{
		{HeaderLists{Add: []string{"no colon"}}, `want "Name: value"`},
		{HeaderLists{Add: []string{": x"}}, "a header has no name"},
		{HeaderLists{Set: []string{"a b: x"}}, `has the character ' '`},
		{HeaderLists{Set: []string{"A: x\r\nB: y"}}, "control character"},
		{HeaderLists{Set: []string{"A: $hots"}}, "did you mean $host?"},
		{HeaderLists{Set: []string{"Host: $hots"}}, "did you mean $host?"},
		{HeaderLists{Set: []string{"connection: close"}}, `"Connection" belongs to the connection`},
		{HeaderLists{Add: []string{"Content-Length: 1"}}, "belongs to the connection"},
		{HeaderLists{Remove: []string{"Transfer-Encoding"}}, "belongs to the connection"},
		{HeaderLists{Remove: []string{"Host"}}, "can only be set"},
		{HeaderLists{Add: []string{"Host: x"}}, "can only be set"},
	} {
		if _, err := NewRequestRules(c.lists); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.lists, err, c.want)
		}
	}
	if _, err := NewResponseRules(HeaderLists{Set: []string{"Host: x"}}); err == nil {
		t.Error("a response was given a Host")
	}
}

func TestConstantRulesDoNotAllocate(t *testing.T) {
	rules, err := NewRequestRules(HeaderLists{
		Add: []string{"X-Forwarded-Proto: https"}, Set: []string{"X-Real-IP: $remote_addr", "X-A: 1"}, Remove: []string{"X-B"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ex := anExchange()
	if n := testing.AllocsPerRun(100, func() {
		ex.Request.Header.Del("X-Forwarded-Proto")
		rules.Apply(ex)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
