package basicauth

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/internal/plugintest"
	"pingap-go/message"
)

func TestReadme(t *testing.T) { plugintest.Readme(t, Category) }

func encode(pair string) string { return base64.StdEncoding.EncodeToString([]byte(pair)) }

// keys configures the two users that the tests know.
func keys(more string) string {
	return fmt.Sprintf("authorizations = [%q, %q]\n%s", encode("ann:s3cret"), encode("bob:pass:word"), more)
}

func TestWhoComesIn(t *testing.T) {
	p := plugintest.Build(t, Category, keys(""))
	for _, c := range []struct{ name, sent, refusal string }{
		{"the first user", "Basic " + encode("ann:s3cret"), ""},
		{"the second, with a colon in the password", "basic  " + encode("bob:pass:word"), ""},
		{"nobody", "", "Authorization is missing"},
		{"a wrong password", "Basic " + encode("ann:secret"), "Invalid user or password"},
		{"another's password", "Basic " + encode("ann:pass:word"), "Invalid user or password"},
		{"a beginning of the right one", "Basic " + encode("ann:s3cre"), "Invalid user or password"},
		{"another scheme", "Bearer " + encode("ann:s3cret"), "Invalid user or password"},
		{"no base64", "Basic ann:s3cret", "Invalid user or password"},
		{"the scheme alone", "Basic", "Invalid user or password"},
		{"an endless one", "Basic " + encode("ann:"+strings.Repeat("x", 4000)), "Invalid user or password"},
	} {
		ex := plugintest.Exchange("GET", "http://h/")
		if c.sent != "" {
			ex.Request.Header.Add("Authorization", c.sent)
		}
		called := plugintest.Serve(t, p, ex)
		if called != (c.refusal == "") {
			t.Errorf("%s: came in %v", c.name, called)
		}
		if called {
			continue
		}
		h := &ex.Response.Header
		if got := plugintest.Body(t, ex); ex.Response.Status != 401 || got != c.refusal {
			t.Errorf("%s: %d %q", c.name, ex.Response.Status, got)
		}
		if h.Get("WWW-Authenticate") != `Basic realm="Restricted", charset="UTF-8"` || h.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: header %v", c.name, h.Fields())
		}
	}
}

// An upstream that goes by the last field would take ann for bob.
func TestTwoCredentialsAreNone(t *testing.T) {
	p := plugintest.Build(t, Category, keys(""))
	for _, second := range []string{encode("bob:"), encode("ann:s3cret")} {
		ex := plugintest.Exchange("GET", "http://h/", "Authorization: Basic "+encode("ann:s3cret"), "Authorization: Basic "+second)
		if plugintest.Serve(t, p, ex) || ex.Response.Status != 401 {
			t.Errorf("with %q: status %d", second, ex.Response.Status)
		}
	}
}

func TestHideCredentials(t *testing.T) {
	for _, hide := range []bool{false, true} {
		p := plugintest.Build(t, Category, keys(fmt.Sprintf("hide_credentials = %v", hide)))
		ex := plugintest.Exchange("GET", "http://h/", "Authorization: Basic "+encode("ann:s3cret"))
		plugintest.Serve(t, p, ex)
		if there := ex.Request.Header.HasKnown(message.Authorization); there == hide {
			t.Errorf("hide %v: the upstream sees the credentials: %v", hide, there)
		}
	}
}

func TestDelayAfterWrongCredentialsOnly(t *testing.T) {
	for sent, want := range map[string]time.Duration{
		"":                              0,
		"Basic " + encode("ann:s3cret"): 0,
		"Basic " + encode("ann:guess"):  3 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			p, start := plugintest.Build(t, Category, keys(`delay = "3s"`)), time.Now()
			plugintest.Serve(t, p, plugintest.Exchange("GET", "http://h/", "Authorization: "+sent))
			if took := time.Since(start); took != want {
				t.Errorf("%q took %v, want %v", sent, took, want)
			}
		})
	}
}

func TestAdmittingDoesNotAllocate(t *testing.T) {
	a, err := parse(plugintest.Keys(keys("")))
	if err != nil {
		t.Fatal(err)
	}
	sent := "Basic " + encode("ann:s3cret")
	if n := testing.AllocsPerRun(100, func() { a.admits(sent) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestBadKeys(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"", "is empty: nobody"},
		{`authorizations = ["ann:s3cret"]`, "number 1 is not base64"},
		{fmt.Sprintf("authorizations = [%q, %q]", encode("a:b"), encode("nocolon")), "number 2 is not base64"},
		{keys(`delay = "1h"`), "not between 0s and 1m0s"},
		{keys(`realm = 'a"b'`), "need quoting"},
		{keys(`step = "proxy_upstream"`), "is none of request"},
		{keys(`users = []`), "unknown key users"},
	} {
		plugintest.Refuses(t, Category, c.keys, c.want)
	}
}

// An error about a bad authorization must not show it: errors are logged.
func TestErrorsKeepSecrets(t *testing.T) {
	_, err := Category.New(plugintest.Keys(`authorizations = ["hunter2"]`), plugintest.Env())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
