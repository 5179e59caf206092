package responseheaders

import (
	"errors"
	"fmt"
	"strings"

	"pingap-go/plugin"
)

// config holds the keys of a response_headers plugin.
type config struct {
	Add          []string `toml:"add_headers"`
	Remove       []string `toml:"remove_headers"`
	Set          []string `toml:"set_headers"`
	SetNotExists []string `toml:"set_headers_not_exists"`
	Rename       []string `toml:"rename_headers"`
	Mode         string   `toml:"mode"`
	Step         string   `toml:"step"`
	Remark       string   `toml:"remark"`
}

// parse reads the keys, checks them and compiles the rules.
func parse(d plugin.Decoder) (*rules, error) {
	var c config
	errs := []error{d.Decode(&c), plugin.CheckStep(c.Step, "response", "upstream_response")}
	if c.Mode != "" && c.Mode != "response" && c.Mode != "upstream" {
		errs = append(errs, plugin.At("mode", fmt.Errorf("%q is none of response, upstream", c.Mode)))
	}
	r := &rules{remove: c.Remove}
	errs = append(errs, plugin.At("remove_headers", checkNames(c.Remove)))
	for _, list := range []struct {
		key   string
		texts []string
		into  *[]plugin.HeaderRule
	}{
		{"add_headers", c.Add, &r.add}, {"set_headers", c.Set, &r.set}, {"set_headers_not_exists", c.SetNotExists, &r.setAbsent},
	} {
		var err error
		*list.into, err = plugin.ParseHeaderRules(list.texts)
		errs = append(errs, plugin.At(list.key, err))
	}
	var err error
	r.rename, err = parseRenames(c.Rename)
	errs = append(errs, plugin.At("rename_headers", err))
	return r, errors.Join(errs...)
}

func checkNames(names []string) error {
	for _, name := range names {
		if err := plugin.CheckHeaderName(name); err != nil {
			return err
		}
	}
	return nil
}

// parseRenames parses a list of "Old: New".
func parseRenames(texts []string) (list []renaming, err error) {
	for _, text := range texts {
		from, to, found := strings.Cut(text, ":")
		if !found {
			return nil, fmt.Errorf("renaming %q has no \":\": want \"Old: New\"", text)
		}
		r := renaming{from: strings.TrimSpace(from), to: strings.TrimSpace(to)}
		if err := checkNames([]string{r.from, r.to}); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
