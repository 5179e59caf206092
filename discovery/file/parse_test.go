package file

import (
	"strings"
	"testing"

	"pingap-go/endpoint"
)

func TestGoodLists(t *testing.T) {
	want := []endpoint.Endpoint{
		{ID: "blue", Name: "blue", Address: "10.0.0.1:80", Weight: 0, Tier: 1, Tags: []string{"v2"}, Meta: map[string]string{"zone": "a"}, Note: "file"},
		{ID: "unix:/run/app.sock", Name: "unix:/run/app.sock", Address: "unix:/run/app.sock", Weight: 1, Note: "file"},
	}
	lists := map[string]string{
		"list.toml": `
[[endpoints]]
id = "blue"
address = "10.0.0.1:80"
weight = 0
tier = 1
tags = ["v2"]
meta = { zone = "a" }
[[ endpoints ]]
address = "unix:/run/app.sock"`,
		"array.json":  `[{"id": "blue", "address": "10.0.0.1:80", "weight": 0, "tier": 1, "tags": ["v2"], "meta": {"zone": "a"}}, {"address": "unix:/run/app.sock"}]`,
		"object.JSON": `{"endpoints": [{"id": "blue", "address": "10.0.0.1:80", "weight": 0, "tier": 1, "tags": ["v2"], "meta": {"zone": "a"}}, {"address": "unix:/run/app.sock"}]}`,
	}
	for name, text := range lists {
		got, err := parse(name, []byte(text))
		if err != nil || len(got) != 2 || !got[0].Equal(&want[0]) || !got[1].Equal(&want[1]) {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"x.toml", " \n", "x.toml:1: the file is empty"},
		{"x.toml", "\n[[endpoints]]\naddress = 7\n", "x.toml:3: endpoints.address: incompatible types"},
		{"x.toml", "\n[[endpoints]]\naddress = \"a:80\"\nwieght = 3\n", `x.toml:4: "endpoints.wieght" is not a key`},
		{"x.toml", "other = 1\n", `x.toml:1: "other" is not a key`},
		{"x.toml", "# nothing but this\n", `x.toml:1: there is no list "endpoints"`},
		{"x.toml", one("a:80") + one("b:80") + one("a:80"), `x.toml:5: endpoint "a:80" is on line 1 already`},
		{"x.toml", one("a:80") + one("b:0"), `x.toml:3: address "b:0": port "0"`},
		{"x.toml", one("a:80") + "weight = -1\n", "x.toml:1: weight -1"},
		{"x.toml", one("a:80") + "tier = -1\n", "x.toml:1: tier -1"},
		{"x.toml", "[[endpoints]]\nweight = 1\n", "x.toml:1: this endpoint has no address"},
		{"x.json", "[\n{\"address\": \"a:80\"},\n{\"address\": \"b\"}\n]", `x.json:3: address "b" is not host:port`},
		{"x.json", "[\n{\"address\": \"a:80\"},\n{\"address\": 8}\n]", "x.json:3: address cannot be a number"},
		{"x.json", "[\"a:80\"]", "x.json:1: an endpoint cannot be a string"},
		{"x.json", "[\n{\"address\": \"a:80\",\n\"wieght\": 8}\n]", `x.json:3: "wieght" is not a key`},
		{"x.json", "[\n{\"address\": \"a:80\"},\n", "x.json:3: the file ends in the middle"},
		{"x.json", "[]\n[]", "x.json:2: there is more"},
		{"x.json", "{\n}", `x.json:1: there is no list "endpoints"`},
		{"x.json", "[\n{]", "x.json:2: invalid character"},
	}
	for _, c := range cases {
		_, err := parse(c.name, []byte(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %s", c.text, err, c.want)
		}
	}
}

func one(address string) string { return "[[endpoints]]\naddress = \"" + address + "\"\n" }

func FuzzParse(f *testing.F) {
	f.Add("x.toml", one("a:80"))
	f.Add("x.json", `[{"address": "a:80"}]`)
	f.Add("x.json", `{"endpoints": [{"address": "a:80"}]}`)
	f.Fuzz(func(_ *testing.T, name, text string) { _, _ = parse(name, []byte(text)) })
}
