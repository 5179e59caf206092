package autoroute

import (
	"strings"
	"testing"

	"pingap-go/message"
	"pingap-go/route"
)

var fabio = Parser{Prefix: "urlprefix-", Datacenter: "dc1"}

// Which requests a tag takes: "host path" lines.
func TestWhatATagTakes(t *testing.T) {
	for _, c := range []struct {
		tag, key string
		takes    []string
		not      []string
	}{
		{"urlprefix-/", "/", []string{"any /", "any /x", " /"}, nil},
		{"urlprefix-/api", "/api", []string{"any /api", "any /api/x", "any /apix"}, []string{"any /", "any /API"}},
		{"urlprefix-example.com/", "example.com/", []string{"example.com /", "EXAMPLE.com. /x"}, []string{"www.example.com /"}},
		{"urlprefix-example.com", "example.com/", []string{"example.com /x"}, []string{"example.org /x"}},
		{"urlprefix-Example.COM/Api", "example.com/Api", []string{"example.com /Api"}, []string{"example.com /api"}},
		{"urlprefix-example.com:8080/", "example.com:8080/", []string{"example.com:8080 /"}, []string{"example.com /", "example.com:81 /"}},
		{"urlprefix-*.example.com/", "*.example.com/", []string{"a.example.com /", "a.b.example.com /"}, []string{"example.com /"}},
		{"urlprefix-*/x", "/x", []string{"any /x"}, []string{"any /y"}},
		{"urlprefix-web-*.example.com/", `~^web-.*\.example\.com$/`, []string{"web-1.example.com /"}, []string{"web.example.com /", "web-1xexample.com /"}},
		{"urlprefix-web?.{eu,us}.example.com/", `~^web.\.(?:eu|us)\.example\.com$/`, []string{"web1.eu.example.com /"}, []string{"web1.de.example.com /"}},
		{"urlprefix-$DC.example.com/${DC}", "dc1.example.com/dc1", []string{"dc1.example.com /dc1/x"}, nil},
		{"  urlprefix-/api  strip=/api  ", "/api", []string{"any /api"}, nil},
	} {
		tag, err := fabio.Parse(c.tag)
		if err != nil {
			t.Errorf("%s: %v", c.tag, err)
			continue
		}
		if tag.Key != c.key {
			t.Errorf("%s: key %q, want %q", c.tag, tag.Key, c.key)
		}
		table := route.New([]route.Rule[bool]{{Hosts: []route.Host{tag.Host}, Path: tag.Path, Target: true}})
		expect := func(line string, want bool) {
			host, path, _ := strings.Cut(line, " ")
			var m route.Match
			req := &message.Request{Method: "GET", Authority: host, Path: path, Scheme: "http"}
			if _, ok := table.Match(req, &m); ok != want {
				t.Errorf("%s takes %q: %v", c.tag, line, ok)
			}
		}
		for _, line := range c.takes {
			expect(line, true)
		}
		for _, line := range c.not {
			expect(line, false)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		option string
		want   Options
		weight float64
	}{
		{"", Options{}, 0},
		{"strip=/api", Options{Strip: "/api"}, 0},
		{"prepend=/v2", Options{Prepend: "/v2"}, 0},
		{"strip=/api prepend=/v2", Options{Strip: "/api", Prepend: "/v2"}, 0},
		{"proto=http", Options{}, 0},
		{"proto=https", Options{TLS: true}, 0},
		{"proto=https tlsskipverify=true", Options{TLS: true, SkipVerify: true}, 0},
		{"tlsskipverify=false", Options{}, 0},
		{"proto=grpc", Options{HTTP2: true}, 0},
		{"proto=grpcs grpcservername=cart", Options{TLS: true, HTTP2: true, ServerName: "cart"}, 0},
		{"weight=0.25", Options{}, 0.25},
		{"weight=0", Options{}, 0},
		{"host=dst", Options{Host: SelfHost}, 0},
		{"host=inner.example.com", Options{Host: "inner.example.com"}, 0},
		{"redirect=301,https://example.com$path", Options{Redirect: 301, Location: "https://example.com$path"}, 0},
		{"redirect=302,https://$host/new$path", Options{Redirect: 302, Location: "https://$host/new$path"}, 0},
		{"allow=ip:10.0.0.0/8,ip:127.0.0.1", Options{Allow: "10.0.0.0/8,127.0.0.1/32"}, 0},
		{"deny=ip:10.1.2.3/8,fe80::1", Options{Deny: "10.0.0.0/8,fe80::1/128"}, 0},
		{"auth=staff", Options{Auth: "staff"}, 0},
		{"register=shop", Options{Register: "shop"}, 0},
		{"pxyproto=false", Options{}, 0},
	} {
		tag, err := fabio.Parse("urlprefix-/x " + c.option)
		if err != nil || *tag.Options != c.want || tag.Weight != c.weight {
			t.Errorf("%q: %+v weight %v (%v), want %+v weight %v", c.option, tag.Options, tag.Weight, err, c.want, c.weight)
		}
	}
}

// What cannot be used says why.
func TestTagsThatCannotBeUsed(t *testing.T) {
	for tag, want := range map[string]string{
		"urlprefix-":                                      "names no host and no path",
		"urlprefix-:3306 proto=tcp":                       "only the configuration opens ports",
		"urlprefix-exa_mple!.com/":                        "has the character",
		"urlprefix-$HOME.example.com/":                    "$HOME has no value",
		"urlprefix-/x strip":                              `"strip" is not an option of the form key=value`,
		"urlprefix-/x strip=/a strip=/b":                  "strip is given twice",
		"urlprefix-/x strip=a":                            `option "strip=a": is not a path`,
		"urlprefix-/x proto=tcp":                          "only the configuration opens ports",
		"urlprefix-/x grpcservername=a":                   "goes with proto=grpcs",
		"urlprefix-/x proto=grpc grpcservername=a":        "goes with proto=grpcs",
		"urlprefix-/x proto=ftp":                          "is none of http, https",
		"urlprefix-/x weight=lots":                        "is not a share",
		"urlprefix-/x weight=-1":                          "is not a share",
		"urlprefix-/x weight=NaN":                         "is not a share",
		"urlprefix-/x redirect=200,https://a/":            "a status from 300 to 399",
		"urlprefix-/x redirect=301":                       "names no http or https URL",
		"urlprefix-/x redirect=301,/elsewhere":            "names no http or https URL",
		"urlprefix-/x redirect=301,https://a/ host=dst":   "a redirect has no upstream",
		"urlprefix-/x host=*.a":                           "is neither dst nor a name",
		"urlprefix-/x allow=10.0.0.0/8":                   `does not begin with "ip:"`,
		"urlprefix-/x deny=ip:everybody":                  "is neither an address nor a network",
		"urlprefix-/x allow=ip:10.0.0.1 deny=ip:10.0.0.2": "exclude each other",
		"urlprefix-/x auth=":                              "names nothing",
		"urlprefix-/x pxyproto=true":                      "PROXY protocol goes with TCP routes",
		"urlprefix-/x tlsskipverify=perhaps":              "invalid syntax",
		"urlprefix-/x colour=blue":                        `option "colour=blue": is not known`,
	} {
		if _, err := fabio.Parse(tag); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", tag, err, want)
		}
	}
	nowhere := Parser{Prefix: "urlprefix-"}
	if _, err := nowhere.Parse("urlprefix-$DC/x"); err == nil || !strings.Contains(err.Error(), "$DC is not known") {
		t.Errorf("without a datacenter: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"urlprefix-/a strip=/a", "urlprefix-a.b/c weight=0.1", "urlprefix-{a,[}/ x=", "urlprefix-$DC/${"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tag, err := fabio.Parse(text)
		if err != nil {
			return
		}
		if tag.Key == "" || tag.Weight < 0 {
			t.Errorf("%q became %+v", text, tag)
		}
		table := route.New([]route.Rule[bool]{{Hosts: []route.Host{tag.Host}, Path: tag.Path}})
		var m route.Match
		table.Match(&message.Request{Method: "GET", Authority: "h", Path: "/"}, &m)
	})
}
